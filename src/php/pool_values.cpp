#include "pool_values.hpp"

#include <cstring>

#include "messages.hpp"
#include "phalanx/php/engine.hpp"
#include "zend_headers.hpp"

namespace phalanx::php {
namespace {

using config::PhpValue;

/// The pool's values that were in place before PHP's start ended; they are not done a second time.
std::vector<PhpValue> early_values;

bool is_early_entry(std::string_view name) {
    return name.starts_with("opcache.") || name.starts_with("apc.");
}

bool was_set_early(const PhpValue& value) {
    return std::any_of(early_values.begin(), early_values.end(), [&value](const PhpValue& early) {
        return early.name == value.name && early.value == value.value;
    });
}

zend_ini_entry* find_entry(std::string_view name) {
    return static_cast<zend_ini_entry*>(zend_hash_str_find_ptr(EG(ini_directives), name.data(), name.size()));
}

zend_string* lasting_string(std::string_view text) {
    return zend_string_init(text.data(), text.size(), 1);
}

void replace_value(zend_ini_entry& entry, zend_string* value) {
    if (entry.value != nullptr) zend_string_release(entry.value);
    entry.value = value;
}

/// Adds to a list of names as php.ini has set it.
void add_to_list(std::string_view name, std::string_view more) {
    zend_ini_entry* const entry = find_entry(name);
    if (entry == nullptr) return;
    std::string list(entry->value != nullptr ? ZSTR_VAL(entry->value) : "");
    if (!list.empty()) list += ',';
    replace_value(*entry, lasting_string(list.append(more)));
}

/// Sets an entry for the rest of the process's life: what php.ini said is not restored after requests.
bool set_entry(const PhpValue& value) {
    zend_ini_entry* const entry = find_entry(value.name);
    if (entry == nullptr) return false;
    const bool same = entry->value != nullptr && value.value == ZSTR_VAL(entry->value);
    if (!same) {
        zend_string* const text = lasting_string(value.value);
        if (entry->on_modify != nullptr &&
            entry->on_modify(entry, text, entry->mh_arg1, entry->mh_arg2, entry->mh_arg3,
                             ZEND_INI_STAGE_ACTIVATE) != SUCCESS) {
            zend_string_release(text);
            return false;
        }
        replace_value(*entry, text);
    }
    if (value.kind == PhpValue::Kind::admin_value) entry->modifiable = ZEND_INI_SYSTEM;
    return true;
}

bool load_extension(const char* file) {
    zval result;
    ZVAL_FALSE(&result);
    // What the extension registers must outlive the request, if there is one.
    zend_interned_strings_switch_storage(0);
    php_dl(file, MODULE_PERSISTENT, &result, 1);
    zend_interned_strings_switch_storage(1);
    return Z_TYPE(result) == IS_TRUE;
}

void disable_classes(const char* list) {
    constexpr const char* separators = ", ";
    for (const char* name = list + std::strspn(list, separators); *name != '\0';
         name += std::strspn(name, separators)) {
        const std::size_t length = std::strcspn(name, separators);
        zend_disable_class(name, length);
        name += length;
    }
}

bool apply(const PhpValue& value) {
    if (is_extension(value)) {
        return was_set_early(value) || apply_lasting(value.name, value.value.c_str()) == LastingEffect::done;
    }
    if (!set_entry(value)) return false;
    if (is_disabling(value.name) && !was_set_early(value)) apply_lasting(value.name, value.value.c_str());
    return true;
}

/// A handler of an ini entry may leave by longjmp, even outside a request.
bool apply_guarded(const PhpValue& value) {
    volatile bool applied = false;
    zend_first_try {
        applied = apply(value);
    }
    zend_end_try();
    return applied;
}

}  // namespace

bool is_disabling(std::string_view name) {
    return name == "disable_functions" || name == "disable_classes";
}

bool is_extension(const PhpValue& value) {
    return value.name == "extension" || value.name == "zend_extension";
}

bool is_builtin_extension(const PhpValue& value) {
    std::string_view file = value.value;
    if (file.ends_with(".so")) file.remove_suffix(3);
    return value.name == "extension" && file == builtin_extension;
}

bool asks_for_builtin_extension(std::span<const PhpValue> values) {
    return std::any_of(values.begin(), values.end(), is_builtin_extension);
}

void apply_early_values(std::span<const PhpValue> values) {
    for_each_in_order(values, [](const PhpValue& value) {
        if (is_disabling(value.name)) {
            add_to_list(value.name, value.value);
        } else if (is_early_entry(value.name)) {
            zval text;
            ZVAL_NEW_STR(&text, lasting_string(value.value));
            zend_hash_str_update(php_ini_get_configuration_hash(), value.name.data(), value.name.size(),
                                 &text);
        } else if (!is_extension(value)) {
            return;
        }
        early_values.push_back(value);
    });
}

LastingEffect apply_lasting(std::string_view name, const char* value) {
    if (*value == '\0') return LastingEffect::none;
    if (name == "extension") return load_extension(value) ? LastingEffect::done : LastingEffect::failed;
    if (name == "disable_functions") {
        zend_disable_functions(value);
        return LastingEffect::done;
    }
    if (name == "disable_classes") {
        disable_classes(value);
        return LastingEffect::done;
    }
    return LastingEffect::none;
}

void apply_pool_values(std::span<const PhpValue> values) {
    for_each_in_order(values, [](const PhpValue& value) {
        if (apply_guarded(value)) return;
        const bool admin = value.kind == PhpValue::Kind::admin_value;
        report(MessageLevel::error, admin ? "Unable to set php_admin_value '" : "Unable to set php_value '",
               value.name, "'");
    });
}

}  // namespace phalanx::php
