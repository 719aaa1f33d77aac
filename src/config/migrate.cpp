#include "config/migrate.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "config/known_keys.h"
#include "config/load_tree.h"
#include "config/migration/comparison.h"
#include "config/migration/modernize.h"
#include "config/migration/value.h"
#include "config/migration/write_yaml.h"

namespace tocsin::config {
namespace {

/// Those of the account that is added where hosts need one.
const std::set<std::string> kAccountVariables = {"TOCSIN_USERNAME", "TOCSIN_PASSWORD"};

/// What has to be done before the new file works.
std::string to_do(const std::string& name, const std::vector<HiddenSecret>& secrets,
                  bool needs_account) {
  std::string out;
  if (!secrets.empty())
    out += fmt::format(
        "#\n# Secrets were not copied. Set these variables to what {} has in that line, or write\n"
        "# ${{file:PATH}} in their place:\n",
        name);
  for (const auto& secret : secrets)
    out += fmt::format("#   {}, line {}\n", secret.variable, secret.place.line);
  if (needs_account)
    out +=
        "#\n# The hosts are asked with the account of TOCSIN_USERNAME (DOMAIN\\user) and "
        "TOCSIN_PASSWORD:\n# set these variables, too.\n";
  return out;
}

std::string left_out(const std::string& name, const std::vector<KeyNote>& unused) {
  if (unused.empty()) return {};
  auto out = fmt::format("\n# Not taken over from {}:\n", name);
  for (const auto& key : unused)
    out += fmt::format("#   line {:<5} {}{}\n", key.line, printable(key.path),
                       key.text.empty() ? "" : " (" + key.text + ")");
  return out;
}

class Migration {
 public:
  Migration(const std::string& file, std::string directory, const Environment& environment)
      : name_(printable(to_utf8(to_path(file).filename()))),
        directory_(std::move(directory)),
        environment_(environment) {}

  void take(const Tree& tree) {
    several_files_ = tree.files > 1;
    auto root = copy_used(tree.root, tree.seen);
    auto keys = known_keys();
    modernize(root);
    if (tree.is_butler_file) keep_rate_limits(root, keys);
    const bool needs_account = add_credentials(root, default_source(environment_));
    const auto comments = tree.is_butler_file ? Comments::differences_too : Comments::what_it_is;
    const auto written = write_yaml(root, comments, std::move(keys));
    text_ = fmt::format("# Made from {} by `tocsin migrate`, for the same folder.\n", name_) +
            to_do(name_, written.secrets, needs_account) + "\n" + written.text +
            left_out(name_, compare(tree.root, tree.seen, tree.findings).unused);
    for (auto& secret : written.secrets)
      variables_.insert_or_assign(secret.variable, secret.value.reveal());
  }

  Migrated finish(Loaded loaded) && {
    Migrated migrated{.text = {}, .findings = std::move(loaded.findings)};
    if (several_files_) {
      migrated.findings.push_back(
          {.severity = Severity::error,
           .file = name_,
           .text = "`include`: several files cannot be migrated; put all into one"});
    } else if (loaded.config && is_good(migrated.findings)) {
      migrated.text = std::move(text_);
    }
    return migrated;
  }

 private:
  /// Whether the new file loads once its variables are set. What a file of Butler may have and ours
  /// may not is an error otherwise.
  bool is_good(std::vector<Finding>& findings) const {
    auto environment = environment_;
    environment.variable = [this](const std::string& name) -> std::optional<std::string> {
      if (const auto known = variables_.find(name); known != variables_.end()) return known->second;
      if (const auto value = environment_.variable(name)) return value;
      return kAccountVariables.contains(name) ? std::optional("x") : std::nullopt;
    };
    const auto loaded = parse(text_, name_, directory_, environment);
    for (const auto& finding : loaded.findings) {
      if (finding.severity == Severity::error)
        findings.push_back(
            {.severity = Severity::error,
             .file = name_,
             .text = "nothing is migrated, because the new file would have a mistake: " +
                     finding.text});
    }
    return loaded.config.has_value();
  }

  std::string name_;
  std::string directory_;
  const Environment& environment_;
  std::string text_;
  std::map<std::string, std::string> variables_;  ///< those that stand for secrets
  bool several_files_ = false;
};

}  // namespace

Migrated migrate(const std::string& path, const Environment& environment) {
  Migration migration(path, to_utf8(to_path(path).parent_path()), environment);
  auto loaded =
      load_tree(path, environment, [&migration](const Tree& tree) { migration.take(tree); });
  return std::move(migration).finish(std::move(loaded));
}

Migrated migrate_text(const std::string& text, const std::string& file,
                      const std::string& directory, const Environment& environment) {
  Migration migration(file, directory, environment);
  auto loaded = parse_tree(text, file, directory, environment,
                           [&migration](const Tree& tree) { migration.take(tree); });
  return std::move(migration).finish(std::move(loaded));
}

}  // namespace tocsin::config
