#include "config/destinations/read_destinations.h"

#include <algorithm>
#include <concepts>
#include <tuple>

#include <fmt/format.h>

#include "config/destinations/common_keys.h"

namespace tocsin::config {
namespace {

/// `visit(settings, wanted)` for each kind.
void for_each(Destinations& destinations, auto& wanted, const auto& visit) {
  std::apply(
      [&](auto&... settings) {
        auto switches = wanted.begin();
        (visit(settings, *switches++), ...);
      },
      destinations);
}

/// Notes that a section has no effect; its path has dots.
void note_off(Section& root, std::string_view path, std::string_view why) {
  if (const auto* node = root.raw_path(path))
    root.reading().seen.switched_off.try_emplace({std::string(path), node}, why);
}

/// People read what is sent there.
template <typename T>
concept ForPeople = requires(T settings) {
  { settings.grouping } -> std::same_as<Grouping&>;
};

/// People read what is sent to some of its receivers.
template <typename T>
concept ForPeopleInPart = requires(T settings) {
  { settings.grouping_of_all } -> std::same_as<Grouping&>;
};

/// They are sent by HTTP.
template <typename T>
concept OverHttp = requires(T settings) {
  { settings.proxy } -> std::same_as<HttpProxy&>;
};

/// What destinations take over that do not say it themselves.
struct OfAll {
  const Grouping& grouping;
  const HttpProxy& proxy;
};

template <DestinationSettings T>
void take_over(const OfAll& of_all, T& settings) {
  if constexpr (OverHttp<T>) settings.proxy = of_all.proxy;
  if constexpr (ForPeople<T>) settings.grouping = of_all.grouping;
  if constexpr (ForPeopleInPart<T>) settings.grouping_of_all = of_all.grouping;
}

template <DestinationSettings T>
void read_section(Section& section, bool wanted, T& settings) {
  read_settings(section, wanted, settings);
  if constexpr (OverHttp<T>) read_own_proxy(section, settings.proxy);
  if constexpr (ForPeople<T>) {
    read_grouping(
        section,
        {.name = "grouping",
         .description = "Several alerts in one message. Omitted keys are as in `serviceMonitor`.",
         .same_as = "serviceMonitor.grouping"},
        settings.grouping);
  } else if constexpr (ForPeopleInPart<T>) {
    refuse_grouping(section, "write it in each webhook with a `body` for people");
  } else {
    refuse_grouping(section);
  }
}

template <DestinationSettings T>
void read_destination(Section& root, const Wanted& wanted, const OfAll& of_all, T& settings) {
  constexpr const auto& kType = T::kType;
  constexpr auto kSection = kType.section.substr(0, kType.section.find('.'));
  const auto mistakes_before = root.reading().mistakes;
  if (wanted.on && root.raw(kSection) == nullptr)
    root.warning(wanted.place, fmt::format("nothing goes to {}: the section `{}` is missing",
                                           kType.name, kSection));
  take_over(of_all, settings);
  if constexpr (requires { read_from_root(root, wanted.on, settings); }) {
    read_from_root(root, wanted.on, settings);
  } else {
    root.section(
        {.name = kType.section, .description = kType.description, .destination = kType.name},
        [&](Section& section) { read_section(section, wanted.on, settings); });
  }
  if (wanted.on && root.goes_without(mistakes_before)) {
    note_off(root, kType.section, "left out for a mistake");
    settings = {};
  }
  if (wanted.on && !settings.enabled)
    note_off(root, fmt::format("serviceMonitor.alertDestination.{}", kType.id), "switched off");
}

}  // namespace

bool AlertDestinations::any() const { return std::ranges::any_of(wanted, &Wanted::on); }

void read_alert_destinations(Section& section, AlertDestinations& destinations) {
  Destinations kinds;
  const auto read = [&section]<DestinationSettings T>(const T&, Wanted& wanted) {
    const auto description =
        fmt::format("Sends to {}, as configured in `{}`.", T::kType.name, T::kType.section);
    const Key key{.name = T::kType.id, .description = description, .destination = T::kType.name};
    const auto mistakes_before = section.reading().mistakes;
    section.section(key, [&wanted](Section& inner) {
      const auto place = inner.boolean(
          {.name = "enable", .description = "Sends alerts to this destination.", .example = "true"},
          wanted.on);
      if (!wanted.on) inner.switch_off();
      wanted.place = place.value_or(Place{});
    });
    (void)section.goes_without(mistakes_before);  // it is off
  };
  for_each(kinds, destinations.wanted, read);
}

void read_destinations(Section& root, const AlertDestinations& wanted, const HttpProxy& proxy,
                       Destinations& destinations) {
  const OfAll of_all{wanted.grouping, proxy};
  for_each(destinations, wanted.wanted, [&](auto& settings, const Wanted& its) {
    read_destination(root, its, of_all, settings);
  });
}

}  // namespace tocsin::config
