// A load, as the sections of its files see it.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/file/config_files.h"
#include "config/file/environment.h"
#include "config/file/files_read.h"
#include "config/file/findings.h"
#include "config/file/substitution.h"
#include "config/section/known_key.h"
#include "config/section/seen_keys.h"
#include "schedule/schedule.h"

namespace tocsin::config {

/// What one load shares between its sections.
struct Reading {
  Findings& findings;
  Substitution& substitution;
  const Environment& environment;
  FilesRead& files_read;
  std::vector<ConfigFile> files;
  std::vector<KnownKey>* known_keys = nullptr;  ///< not null: nothing is read, keys are collected
  /// Errors, and what would be one in an entry of a list that is switched off. Those of an item
  /// that a file of Butler goes without count only until the item ends.
  std::size_t mistakes = 0;
  bool is_butler_file = false;  ///< the file is one: where keys behave differently is noted
  std::size_t left_out = 0;     ///< items that a file of Butler goes without
  SeenKeys seen = {};
  bool adds_account = false;  ///< who reads adds the account that hosts need, where there is none
  std::map<std::string, TimeZone> time_zones = {};  ///< read so far
  std::set<std::string> missing_templates = {};     ///< files; each is reported once
};

}  // namespace tocsin::config
