#include "config/file/yaml.h"

#include <algorithm>
#include <array>
#include <istream>
#include <map>
#include <streambuf>
#include <unordered_set>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/text.h"
#include "config/file/files.h"
#include "config/file/yaml_mistakes.h"

namespace tocsin::config {
namespace {

/// A Butler file nests 9 deep.
constexpr std::size_t kMostDepth = 64;

/// The room that all values may take with aliases followed, so that a few kilobytes of aliases to
/// aliases ("YAML bomb") cost nothing. A value counts its text and, roughly, its node.
constexpr std::size_t kMostExpanded = std::size_t{64} << 20;
constexpr std::size_t kNodeCost = 32;

/// How much text may go by without a value. yaml-cpp keeps a whole outermost [...] or {...} in its
/// queue before it hands out the first value, at 240 bytes a token (0.7: 1.9 GB for 8 MB of '[').
constexpr std::size_t kMostBetweenValues = std::size_t{2} << 20;

/// Hands out the text, until too much of it has gone by without a value.
class MeteredText final : public std::streambuf {
 public:
  explicit MeteredText(std::string_view text) : rest_(text) {}

  void value_seen() { since_value_ = 0; }
  [[nodiscard]] bool cut_off() const { return cut_off_; }

 protected:
  int_type underflow() override {
    static constexpr std::size_t kChunk = 2048;
    const auto chunk = rest_.substr(0, kChunk);
    cut_off_ = cut_off_ || since_value_ > kMostBetweenValues;
    if (chunk.empty() || cut_off_) return traits_type::eof();
    rest_.remove_prefix(chunk.size());
    since_value_ += chunk.size();
    // streambuf wants char*, and does not write as long as nobody puts characters back.
    auto* begin = const_cast<char*>(chunk.data());
    setg(begin, begin, begin + chunk.size());
    return traits_type::to_int_type(*begin);
  }

 private:
  std::string_view rest_;
  std::size_t since_value_ = 0;
  bool cut_off_ = false;
};

}  // namespace

/// Builds the tree from yaml-cpp's events. Its own tree (YAML::Node) would hide double keys and
/// could not say where a key stands.
class DocumentBuilder final : public YAML::EventHandler {
 public:
  DocumentBuilder(MeteredText& text, Findings& findings, YamlInput input)
      : text_(text), findings_(findings), file_(input.file), spent_(input.spent) {}

  /// Where the innermost list or mapping begins that is not complete.
  [[nodiscard]] std::optional<Place> open_place() const {
    if (open_.empty()) return std::nullopt;
    return open_.back().node->place;
  }
  [[nodiscard]] Document take() && {
    document_.spent_ = spent_;
    return std::move(document_);
  }
  [[nodiscard]] bool empty() const { return document_.root_ == nullptr; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!empty()) {
      throw Refused{at(mark),
                    "a second document begins here, but a configuration is one document: check the "
                    "indentation"};
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(at(mark), YamlNode::Type::null, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end())
      throw Refused{at(mark), "the value contains itself through this alias"};
    spend(found->second.cost, at(mark));
    attach(found->second.node);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto& node = add(at(mark), YamlNode::Type::scalar, anchor, value);
    node.plain = is_plain(tag, node.place);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(at(mark), YamlNode::Type::sequence, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(at(mark), YamlNode::Type::mapping, tag, anchor);
  }
  void OnMapEnd() override {
    check_keys(*open_.back().node);
    close();
  }

 private:
  struct Open {
    YamlNode* node;
    YAML::anchor_t anchor;
    std::size_t spent_before;
  };
  struct Anchored {
    const YamlNode* node;
    std::size_t cost;
  };

  [[nodiscard]] Place at(const YAML::Mark& mark) const {
    auto place = place_of(mark);
    place.file = file_;
    return place;
  }

  void spend(std::size_t cost, Place place) {
    text_.value_seen();
    spent_ += cost;
    if (spent_ > kMostExpanded)
      throw Refused{place, "the values up to here, with aliases followed, take more than " +
                               size_text(kMostExpanded)};
  }

  void attach(const YamlNode* node) {
    if (open_.empty()) {
      document_.root_ = node;
    } else {
      open_.back().node->children.push_back(node);
    }
  }

  YamlNode& make(Place place, YamlNode::Type type, const std::string& text) {
    spend(kNodeCost + text.size(), place);
    auto& node = document_.nodes_.emplace_back();
    node.type = type;
    node.place = place;
    node.text = text;
    if (type == YamlNode::Type::null) place_at_key(node);
    attach(&node);
    return node;
  }

  /// yaml-cpp places a value that is not written at what follows it, maybe lines below.
  void place_at_key(YamlNode& node) const {
    if (open_.empty() || open_.back().node->type != YamlNode::Type::mapping) return;
    const auto& siblings = open_.back().node->children;
    if (siblings.size() % 2 == 1) node.place = siblings.back()->place;
  }

  YamlNode& add(Place place, YamlNode::Type type, YAML::anchor_t anchor,
                const std::string& text = {}) {
    const auto before = spent_;
    auto& node = make(place, type, text);
    if (anchor != 0) anchored_[anchor] = {&node, spent_ - before};
    return node;
  }

  void open(Place place, YamlNode::Type type, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= kMostDepth)
      throw Refused{place,
                    "lists and mappings are nested deeper than " + std::to_string(kMostDepth)};
    const auto before = spent_;
    auto& node = make(place, type, {});
    is_plain(tag, place);
    open_.push_back({&node, anchor, before});
  }

  void close() {
    const auto& done = open_.back();
    if (done.anchor != 0) anchored_[done.anchor] = {done.node, spent_ - done.spent_before};
    open_.pop_back();
  }

  /// "?" stands for no tag, "!" for quotes. The tags of YAML's core schema change nothing else.
  bool is_plain(const std::string& tag, Place place) {
    static constexpr std::string_view kCore = "tag:yaml.org,2002:";
    static constexpr std::array<std::string_view, 6> kPlain = {"null",  "bool", "int",
                                                               "float", "seq",  "map"};
    if (tag == "?" || tag.empty()) return true;
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return false;
    const auto name = std::string_view(tag).substr(tag.starts_with(kCore) ? kCore.size() : 0);
    if (!tag.starts_with(kCore) || std::ranges::find(kPlain, name) == kPlain.end())
      findings_.add(Severity::error, place,
                    "an unknown tag; a text that begins with `!` needs quotes");
    return true;
  }

  /// Reports keys that are no text or come twice, and replaces `<<` by what it merges.
  void check_keys(YamlNode& mapping) {
    std::unordered_set<std::string_view> seen;
    std::vector<const YamlNode*> kept;
    std::vector<const YamlNode*> merged;
    kept.reserve(mapping.children.size());
    for (std::size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      const auto* key = mapping.children[i];
      const auto* value = mapping.children[i + 1];
      if (key->type != YamlNode::Type::scalar) {
        findings_.add(Severity::error, key->place, "a key must be text");
      } else if (key->plain && key->text == "<<") {
        merged.push_back(value);
      } else if (!seen.insert(key->text).second) {
        findings_.add(Severity::error, key->place,
                      "the key `" + printable(key->text, 64) + "` appears twice in one section");
      } else {
        kept.insert(kept.end(), {key, value});
      }
    }
    mapping.children = std::move(kept);
    for (const auto* source : merged) merge(mapping, *source, seen);
  }

  void merge(YamlNode& mapping, const YamlNode& source,
             std::unordered_set<std::string_view>& seen) {
    if (source.type == YamlNode::Type::sequence) {
      for (const auto* part : source.children) {
        if (part->type == YamlNode::Type::sequence) {
          findings_.add(Severity::error, part->place, "`<<` merges sections only");
        } else {
          merge(mapping, *part, seen);
        }
      }
    } else if (source.type == YamlNode::Type::mapping) {
      for (std::size_t i = 0; i < source.children.size(); i += 2) {
        if (seen.insert(source.children[i]->text).second)
          mapping.children.insert(mapping.children.end(),
                                  {source.children[i], source.children[i + 1]});
      }
    } else {
      findings_.add(Severity::error, source.place, "`<<` merges sections only");
    }
  }

  MeteredText& text_;
  Findings& findings_;
  std::uint16_t file_;
  std::size_t spent_;
  Document document_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchored_;  ///< complete values only
};

const YamlNode* YamlNode::find(std::string_view key) const {
  if (type != Type::mapping) return nullptr;
  for (std::size_t i = 0; i < children.size(); i += 2) {
    if (children[i]->text == key) return children[i + 1];
  }
  return nullptr;
}

const YamlNode* YamlNode::find_path(std::string_view path) const {
  const auto* node = this;
  while (node != nullptr && !path.empty()) {
    const auto key = path.substr(0, path.find('.'));
    node = node->find(key);
    path.remove_prefix(std::min(key.size() + 1, path.size()));
  }
  return node;
}

std::optional<Document> parse_yaml(std::string_view text, Findings& findings, YamlInput input) {
  const auto refuse = [&findings, input](Refused&& refused) {
    refused.place.file = input.file;
    findings.add(Severity::error, refused.place, std::move(refused.text));
    return std::nullopt;
  };
  if (auto refused = check_bytes(text)) return refuse(*std::move(refused));

  MeteredText metered(text);
  std::istream stream(&metered);
  DocumentBuilder builder(metered, findings, input);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Refused& refused) {
    return refuse(std::move(refused));
  } catch (const YAML::Exception& exception) {
    if (!metered.cut_off()) return refuse(explain(exception, text, builder.open_place()));
  }
  if (metered.cut_off())
    return refuse({builder.open_place().value_or(Place{}),
                   "more than " + size_text(kMostBetweenValues) +
                       " belong to one value here; write a long list or section line by line, not "
                       "in `[...]` or `{...}`"});
  if (builder.empty()) return refuse({{}, "the file is empty"});
  return std::move(builder).take();
}

}  // namespace tocsin::config
