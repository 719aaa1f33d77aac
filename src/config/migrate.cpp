#include "config/migrate.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "config/load_tree.h"
#include "config/modernize.h"
#include "config/value.h"
#include "config/write_yaml.h"

namespace tocsin::config {
namespace {

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
  Migration(const std::string& file, const Environment& environment)
      : name_(printable(to_utf8(to_path(file).filename()))), source_(environment.default_source) {}

  void take(const Tree& tree) {
    several_files_ = tree.files > 1;
    auto root = copy_used(tree.root, tree.seen);
    modernize(root);
    if (tree.is_butler_file) keep_rate_limits(root);
    const bool needs_account = add_credentials(root, source_);
    const auto written =
        write_yaml(root, tree.is_butler_file ? Comments::differences_too : Comments::what_it_is);
    text_ = fmt::format("# Made of {} by `tocsin migrate`, for the same folder.\n", name_) +
            to_do(name_, written.secrets, needs_account) + "\n" + written.text +
            left_out(name_, compare(tree.root, tree.seen, tree.findings).unused);
  }

  Migrated finish(Loaded loaded) && {
    Migrated migrated{.text = {}, .findings = std::move(loaded.findings)};
    if (several_files_) {
      migrated.findings.push_back({.severity = Severity::error,
                                   .file = name_,
                                   .text = "`include`: one file is migrated, not several"});
    } else if (loaded.config) {
      migrated.text = std::move(text_);
    }
    return migrated;
  }

 private:
  std::string name_;
  Source source_;
  std::string text_;
  bool several_files_ = false;
};

}  // namespace

Migrated migrate(const std::string& path, const Environment& environment) {
  Migration migration(path, environment);
  auto loaded =
      load_tree(path, environment, [&migration](const Tree& tree) { migration.take(tree); });
  return std::move(migration).finish(std::move(loaded));
}

Migrated migrate_text(const std::string& text, const std::string& file,
                      const std::string& directory, const Environment& environment) {
  Migration migration(file, environment);
  auto loaded = parse_tree(text, file, directory, environment,
                           [&migration](const Tree& tree) { migration.take(tree); });
  return std::move(migration).finish(std::move(loaded));
}

}  // namespace tocsin::config
