// When schedules are due, for integration/later_test.py: one line of JSON in for each, {"text",
// "after", "count"}; one line of JSON out, {"due": [...]} or {"column", "expected"}. Times are
// milliseconds since 1970.
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "schedule/schedule.h"

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto wish = nlohmann::json::parse(line);
    const auto schedule = tocsin::Schedule::parse(wish.at("text").get<std::string>());
    nlohmann::json answer;
    if (!schedule) {
      answer = {{"column", schedule.error().column}, {"expected", schedule.error().expected}};
    } else {
      answer["due"] = nlohmann::json::array();
      tocsin::Time at(std::chrono::milliseconds(wish.at("after").get<std::int64_t>()));
      for (auto count = wish.at("count").get<int>(); count > 0; count--) {
        const auto due = schedule->next(at);
        if (!due) break;
        at = *due;
        answer["due"].push_back(at.time_since_epoch().count());
      }
    }
    std::cout << answer.dump() << "\n";
  }
}
