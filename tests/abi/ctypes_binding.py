# SPDX-License-Identifier: Apache-2.0
"""Makes a ctypes binding of the whole library out of mgeo.json, as another language's generator would.

Binding(mgeo.json, libmgeo.so) has .structs, .numbers (constants and enumerators), .functions with
their types, and .description, which is the JSON itself.
"""
import ctypes as c
import json

NUMBERS = {
    "char": c.c_char, "int": c.c_int, "int64_t": c.c_int64, "int32_t": c.c_int32, "uint32_t": c.c_uint32, "uint64_t": c.c_uint64,
    "size_t": c.c_size_t, "float": c.c_float, "double": c.c_double, "mgeo_status": c.c_int32,
}


class Binding:
    def __init__(self, description, library):
        with open(description, encoding="utf-8") as file:
            self.description = json.load(file)
        self.lib = c.CDLL(library)
        self.types = dict(NUMBERS)
        self.structs, self.functions = {}, {}
        self.numbers = {constant["name"]: constant["value"] for constant in self.description["constants"]}
        for enum in self.description["enums"]:
            self.numbers.update((value["name"], value["value"]) for value in enum["values"])
        for alias in self.description["aliases"]:
            self.types[alias["name"]] = self.types[alias["type"]]
        for callback in self.description["callbacks"]:
            self.types[callback["name"]] = c.CFUNCTYPE(None, *map(self.type_of, callback["parameters"]))
        for struct in self.description["structs"]:
            self.add_struct(struct)
        for function in self.description["functions"]:
            self.add_function(function)

    def type_of(self, variable):
        base, pointers = variable["base"], variable["pointers"]
        if base == "char" and pointers > 0:
            kind, pointers = c.c_char_p, pointers - 1
        elif base not in self.types:  # void, functions, and structs that only the library knows
            kind, pointers = c.c_void_p, pointers - 1
        else:
            kind = self.types[base]
        for _ in range(pointers):
            kind = c.POINTER(kind)
        for count in reversed(variable["array"]):
            kind = kind * count
        return kind

    def add_struct(self, struct):
        fields = [(member["name"], self.type_of(member)) for member in struct["members"]]
        made = type(struct["name"], (c.Structure,), {"_fields_": fields})
        self.types[struct["name"]] = self.structs[struct["name"]] = made

    def add_function(self, function):
        called = getattr(self.lib, function["name"])
        called.argtypes = [self.type_of(parameter) for parameter in function["parameters"]]
        called.restype = self.returned(function["returns"])
        self.functions[function["name"]] = called

    def returned(self, text):
        base = text.replace("const ", "").split()[0]
        return None if text == "void" else self.type_of({"base": base, "pointers": text.count("*"), "array": []})

    def make(self, name, **values):
        """A struct with its size set and the given members."""
        made = self.structs[name](**values)
        if hasattr(made, "struct_size"):
            made.struct_size = c.sizeof(made)
        return made
