#include "base/names.h"

#include "base/text.h"

namespace tocsin {

template <typename Tag>
WindowsName<Tag>::WindowsName(std::string_view text) : text_(text), key_(fold_case(text)) {
  if (key_ == text_) key_.clear();
}

template class WindowsName<HostTag>;
template class WindowsName<ServiceTag>;

}  // namespace tocsin
