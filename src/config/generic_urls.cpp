#include "config/generic_urls.h"

#include <string>

#include "config/sections.h"

namespace tocsin::config {

void read_generic_urls(Section& root, std::vector<GenericUrl>& urls) {
  root.list(
      {.name = "genericUrls", .description = "Links for templates, which get them as a list."},
      urls, [](Section& entry, GenericUrl& url) {
        entry.text({.name = "id",
                    .description = "What templates tell them apart by.",
                    .example = "runbook"},
                   url.id);
        entry.text({.name = "linkText", .description = "What is clicked.", .example = "Runbook"},
                   url.link_text);
        entry.text({.name = "comment",
                    .description = "More about it.",
                    .example = "What to do when a service stops"},
                   url.comment);
        entry.text({.name = "url",
                    .description = "Where it leads.",
                    .example = "https://wiki.example.com/runbook"},
                   url.url);
      });
}

}  // namespace tocsin::config
