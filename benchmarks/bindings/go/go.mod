module libmgeo/benchmarks

go 1.19

require libmgeo/mgeo v0.2.0

replace libmgeo/mgeo => ../../../bindings/go
