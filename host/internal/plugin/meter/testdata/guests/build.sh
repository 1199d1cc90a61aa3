#!/usr/bin/env bash
# Builds the guests of the differential test from their sources, with names.
# Needs clang-14 and lld, rustc with its wasm32 library, and AssemblyScript:
#   apt-get install clang-14 lld rustc libstd-rust-dev-wasm32
#   npm install --prefix DIR assemblyscript@0.28.20, and ASC=DIR/node_modules/.bin/asc
set -euo pipefail
cd "$(dirname "$0")"
"${CLANG:-clang-14}" --target=wasm32 -nostdlib -O3 -mbulk-memory -msimd128 -Wl,--no-entry -Wl,--strip-debug -o c.wasm guest.c
"${RUSTC:-/usr/bin/rustc}" --target wasm32-unknown-unknown --crate-type cdylib -C opt-level=2 -C strip=debuginfo -C panic=abort -o rust.wasm guest.rs
"${ASC:-asc}" guest.ts --optimizeLevel 2 --debug --runtime incremental --outFile assemblyscript.wasm
ls -l ./*.wasm
