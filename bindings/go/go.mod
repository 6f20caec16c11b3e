module libmgeo/mgeo

go 1.19
