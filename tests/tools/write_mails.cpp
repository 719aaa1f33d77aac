// Mails for integration/mime_test.py: one line of JSON in for each, one line of JSON out.
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

#include "notify/email/mime.h"

int main() {
  using tocsin::config::MailPriority;
  for (std::string line; std::getline(std::cin, line);) {
    const auto wish = nlohmann::json::parse(line);
    const auto text = [&wish](const char* key) { return wish.at(key).get<std::string>(); };
    const std::string mail = tocsin::notify::write_mail(
        {.from = {.name = text("fromName"), .address = text("from")},
         .to = {.name = text("toName"), .address = text("to")},
         .subject = text("subject"),
         .text = text("text"),
         .html = text("html"),
         .date = tocsin::Time(std::chrono::milliseconds(wish.at("date").get<std::int64_t>())),
         .id = text("id"),
         .priority = MailPriority::high,
         .headers = {{"X-Tocsin-Service", text("service")}}});
    std::cout << nlohmann::json(mail).dump() << "\n";  // throws unless it is ASCII
  }
}
