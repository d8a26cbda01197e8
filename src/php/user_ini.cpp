#include "user_ini.hpp"

namespace phalanx::php {
namespace {

/// What the files said for one directory, and until when that holds. Lives in malloc's memory.
struct Entry {
    time_t expires;
    HashTable values;
};

HashTable cache;
bool cache_ready = false;

void destroy_entry(zval* value) {
    auto* const entry = static_cast<Entry*>(Z_PTR_P(value));
    zend_hash_destroy(&entry->values);
    pefree(entry, 1);
}

Entry& entry_for(std::string_view directory) {
    if (!cache_ready) {
        zend_hash_init(&cache, 8, nullptr, destroy_entry, 1);
        cache_ready = true;
    }
    void* const known = zend_hash_str_find_ptr(&cache, directory.data(), directory.size());
    if (known != nullptr) return *static_cast<Entry*>(known);
    if (zend_hash_num_elements(&cache) >= user_ini_cache_limit) zend_hash_clean(&cache);
    auto* const entry = static_cast<Entry*>(pemalloc(sizeof(Entry), 1));
    entry->expires = 0;
    zend_hash_init(&entry->values, 8, nullptr, config_zval_dtor, 1);
    zend_hash_str_update_ptr(&cache, directory.data(), directory.size(), entry);
    return *entry;
}

bool lies_inside(std::string_view directory, std::string_view root) {
    return !root.empty() && directory.size() > root.size() && directory.starts_with(root) &&
           directory[root.size()] == '/';
}

/// Reads the files from the outermost directory in, so that inner values replace outer ones.
void read_files(std::string& directory, std::string_view root, HashTable& values) {
    std::size_t slash = lies_inside(directory, root) ? root.size() : directory.size() - 1;
    while (slash != std::string::npos) {
        directory[slash] = '\0';
        php_parse_user_ini_file(slash == 0 ? "/" : directory.c_str(), PG(user_ini_filename), &values);
        directory[slash] = '/';
        slash = directory.find('/', slash + 1);
    }
}

/// Sections and arrays ("name[] = x") arrive as arrays, which the engine would take for texts and crash.
int keep_texts(zval* value) {
    return Z_TYPE_P(value) == IS_STRING ? ZEND_HASH_APPLY_KEEP : ZEND_HASH_APPLY_REMOVE;
}

}  // namespace

void apply_user_ini(std::string& directory, std::string_view document_root) {
    if (document_root.ends_with('/')) document_root.remove_suffix(1);
    Entry& entry = entry_for(directory);
    const auto now = static_cast<time_t>(sapi_get_request_time());
    if (now >= entry.expires) {
        zend_hash_clean(&entry.values);
        read_files(directory, document_root, entry.values);
        zend_hash_apply(&entry.values, keep_texts);
        entry.expires = now + static_cast<time_t>(PG(user_ini_cache_ttl));
    }
    php_ini_activate_config(&entry.values, PHP_INI_PERDIR, PHP_INI_STAGE_HTACCESS);
}

}  // namespace phalanx::php
