// Links that templates of messages may show.
#pragma once

#include <string>
#include <vector>

namespace tocsin::config {

class Section;

struct GenericUrl {
  std::string id;
  std::string link_text;
  std::string comment;
  std::string url;
};

/// `genericUrls`.
void read_generic_urls(Section& root, std::vector<GenericUrl>& urls);

}  // namespace tocsin::config
