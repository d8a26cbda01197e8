#pragma once

#include "phalanx/base/field_codec.hpp"
#include "phalanx/config/load.hpp"

namespace phalanx::config {

template <typename Visitor>
void visit_fields(Diagnostic& diagnostic, Visitor& field) {
    field(diagnostic.level);
    field(diagnostic.text);
}

}  // namespace phalanx::config
