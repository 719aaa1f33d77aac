// Links that templates of messages may show.
#pragma once

#include <string>

namespace tocsin::config {

struct GenericUrl {
  std::string id;
  std::string link_text;
  std::string comment;
  std::string url;
};

}  // namespace tocsin::config
