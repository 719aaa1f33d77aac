// What stands in the catalogue of destinations stands in the documents and in the example too.
#include <filesystem>
#include <string>
#include <tuple>

#include <gmock/gmock.h>

#include "config/destinations/catalogue.h"
#include "config/destinations/destination_names.h"
#include "config/file/files.h"
#include "config/load.h"

namespace tocsin::config {
namespace {

std::string in_project(const std::string& path) {
  return (std::filesystem::path(TOCSIN_ROOT) / path).string();
}

TEST(Destinations, HaveARowInTheDocs) {
  const auto page = read_file(in_project("docs/destinations.md"), 1 << 20, Accept::regular_files);
  for_each_destination({}, [&]<DestinationSettings T>(const T&) {
    EXPECT_THAT(page.value(), testing::HasSubstr("| `" + std::string(T::kType.id) + "` | `" +
                                                 std::string(T::kType.section) + "` |"));
  });
}

TEST(Destinations, AreAllInTheExample) {
  const auto loaded = load(in_project("examples/all-destinations.yaml"),
                           {.variable = [](const auto&) { return "x"; }});
  ASSERT_TRUE(loaded.config);
  for_each_destination(loaded.config->destinations, []<DestinationSettings T>(const T& settings) {
    EXPECT_TRUE(settings.enabled) << T::kType.id;
  });
}

TEST(Destinations, CanBeNamedInRoutesUnlessTheyGetNoAlerts) {
  for_each_destination({}, []<DestinationSettings T>(const T&) {
    Destinations destinations;
    std::get<T>(destinations).enabled = true;
    EXPECT_EQ(check_destination_name(T::kType.id, destinations).has_value(), !T::kType.gets_alerts)
        << T::kType.id;
  });
}

}  // namespace
}  // namespace tocsin::config
