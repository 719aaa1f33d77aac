#include "schedule/remarks.h"

namespace tocsin::schedule {

std::string remark_on_step(std::optional<unsigned> step, const FieldFacts& field, bool is_whole) {
  const std::string name(field.name);
  const std::string larger(field.larger);
  if (!step) {
    return "is read as `every 1 " + name + "`; Butler reads it as " +
           (field.field == Field::year ? "the year 1970" : "once per " + larger);
  }
  if (!is_whole || field.field == Field::year) return {};
  const unsigned count = field.most + 1 - field.least;
  if (*step > count || (*step == count && field.least > 0 && *step > 1 && field.has_last))
    return "is due once per " + larger + ", because steps count within each " + larger;
  // Months and years have several lengths, so of their days and weeks there is no last step.
  if (field.has_last) return *step == 1 ? std::string() : "starts anew with each " + larger;
  if (const auto last = count % *step; last != 0)
    return "starts anew with each " + larger + ", so the last step before it takes " +
           std::to_string(last) + " " + name + (last == 1 ? "" : "s");
  return {};
}

}  // namespace tocsin::schedule
