# SPDX-License-Identifier: Apache-2.0
# Finds libmgeo: where pkg-config says, else where --with-mgeo-dir=PREFIX or the compiler's paths lead.
require "mkmf"

pkg_config("libmgeo") || dir_config("mgeo")
have_header("mgeo.h") && have_library("mgeo", "mgeo_version") ||
  abort("libmgeo is not found: install it, or set PKG_CONFIG_PATH to the folder of its libmgeo.pc")
$CFLAGS << " -std=gnu11 -Wall -Wextra -Wno-unused-parameter -fvisibility=hidden"
# A library in a prefix of its own is found again when the extension is loaded.
libdir = pkg_config("libmgeo", "variable=libdir").to_s.strip
$DLDFLAGS << " -Wl,-rpath,#{libdir}" unless libdir.empty?
create_makefile("mgeo/mgeo_ext")
