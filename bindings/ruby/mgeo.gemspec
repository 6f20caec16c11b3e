# SPDX-License-Identifier: Apache-2.0
# The gem: Ruby's side of libmgeo, which must be installed already.
Gem::Specification.new do |spec|
  spec.name = "mgeo"
  spec.version = "0.2.0"
  spec.summary = "Do two Chinese addresses name the same place? Ruby's binding of libmgeo"
  spec.description = "Scores Chinese address pairs in the process with MGeo, and swaps models under load."
  spec.authors = ["libmgeo"]
  spec.license = "Apache-2.0"
  spec.required_ruby_version = ">= 3.0"
  spec.extensions = ["ext/mgeo/extconf.rb"]
  spec.files = Dir["lib/**/*.rb", "ext/**/*.{c,h,rb}", "README.md"]
  spec.requirements = ["libmgeo 0.2, with its header"]
end
