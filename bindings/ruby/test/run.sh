#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the gem, installs it into a folder of its own and tests what is there: run.sh FOLDER_OF_THE_BINDING
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r "$1" "$folder/ruby"
cd "$folder/ruby"
# As in a prefix of its own: what was built must know where the library lies.
unset LD_LIBRARY_PATH
gem build mgeo.gemspec
export GEM_HOME="$folder/gems"
gem install --local --no-document mgeo-*.gem
cd "$folder"
ruby -W ruby/test/mgeo_test.rb
