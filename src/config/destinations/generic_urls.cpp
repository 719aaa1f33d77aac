#include "config/destinations/generic_urls.h"

#include "config/section/section.h"

namespace tocsin::config {

void read_generic_urls(Section& root, std::vector<GenericUrl>& urls) {
  root.list({.name = "genericUrls", .description = "List of links for templates."}, urls,
            [](Section& entry, GenericUrl& url) {
              entry.text({.name = "id",
                          .description = "Identifier of the link, for templates.",
                          .example = "runbook"},
                         url.id);
              entry.text({.name = "linkText",
                          .writing = Writing::prose,
                          .description = "Text of the link.",
                          .example = "Runbook"},
                         url.link_text);
              entry.text({.name = "comment",
                          .writing = Writing::prose,
                          .description = "Comment on the link.",
                          .example = "What to do when a service stops"},
                         url.comment);
              entry.text({.name = "url",
                          .writing = Writing::prose,
                          .description = "Target of the link.",
                          .example = "https://wiki.example.com/runbook"},
                         url.url);
            });
}

}  // namespace tocsin::config
