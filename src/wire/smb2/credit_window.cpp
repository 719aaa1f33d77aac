#include "wire/smb2/credit_window.h"

#include <algorithm>

namespace tocsin::smb2 {

bool CreditWindow::spend(std::uint64_t first, std::uint16_t charge) {
  const std::uint64_t count = std::max<std::uint16_t>(charge, 1);
  if (first < first_ || first >= end_ || count > end_ - first) return false;
  const auto clash = spent_.lower_bound(first);
  if (clash != spent_.end() && *clash < first + count) return false;
  for (std::uint64_t id = first; id < first + count; id++) spent_.insert(id);
  while (!spent_.empty() && *spent_.begin() == first_) {
    spent_.erase(spent_.begin());
    first_++;
  }
  return true;
}

std::uint16_t CreditWindow::grant(std::uint16_t asked) {
  const auto unspent = end_ - first_ - spent_.size();
  // A client that leaves one id out does not make the window grow for ever.
  const auto room = std::min(kMost - std::min(kMost, unspent), first_ + 2 * kMost - end_);
  const auto granted = std::min<std::uint64_t>(std::max<std::uint16_t>(asked, 1), room);
  end_ += granted;
  return static_cast<std::uint16_t>(granted);
}

}  // namespace tocsin::smb2
