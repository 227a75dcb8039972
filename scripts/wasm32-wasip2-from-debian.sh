#!/bin/sh
# Compiles the standard library for wasm32-wasip2 from Debian's rust-src and wasi-libc into rustc's sysroot,
# for machines on which `rustup target add` fails. `cargo xtask setup` runs this script if it is needed.
# Only the sysroot changes: no package is installed, and apt uses lists and settings of its own.
set -eu
fail() { echo "$*" >&2; exit 1; }
command -v apt-get >/dev/null || fail "apt-get not found: the packages come from a Debian archive"
version=$("${RUSTC:=rustc}" -vV)
release=$(echo "$version" | sed -n 's/^release: //p')
sysroot=$("$RUSTC" --print sysroot)
rustlib=$sysroot/lib/rustlib
# Within the sysroot, so that the finished target is renamed into place. Old folders are of killed runs.
find "$rustlib" -maxdepth 1 -name '.wasm32-wasip2.partial-*' -mmin +60 -exec rm -rf {} +
work=$(mktemp -d "$rustlib/.wasm32-wasip2.partial-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The machine's archives with Debian's suites, as "SUITE URI". A security archive lacks the packages.
debian='buster|bullseye|bookworm|trixie|forky|duke|sid|(oldold|old)?stable|testing|unstable'
own=$(apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' 'Component: main' |
    grep -E "^($debian)(-updates|-backports)? ") || fail "/etc/apt names no archive of Debian"
archives=$(echo "$own" | cut -d ' ' -f 2 | sort -u)
# Apt's own user cannot write below a home folder. A machine's hooks are about its own lists.
cat >"$work/apt.conf" <<END
#clear APT::Update;
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work/cache";
END
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/downloads" "$work/unpacked"

update() { # KEYRING SUITE...: a suite may be missing from an archive, or signed with an unknown key
    signed=${1:+ signed-by=$1} && shift
    for archive in $archives; do printf "deb [target=Packages$signed] $archive %s main\n" "$@"; done >"$work/sources.list"
    apt-get -qq -c "$work/apt.conf" update || true
}
versions() { # PACKAGE: the newest first
    apt-cache -c "$work/apt.conf" madison "$1" | sed -n "s/^ *$1 | *\([^ ]*\) .* Packages\$/\1/p"
}
unpack() { # PACKAGE=VERSION
    (cd "$work/downloads" && apt-get -qq -c "$work/apt.conf" download "$1" && dpkg -x "${1%%=*}"_*.deb "$work/unpacked")
}
find_packages() { # A standard library only fits the compiler of the same release.
    rust_src=$(versions rust-src | grep -E "^([0-9]+:)?$release[+-]" | head -n 1)
    wasi_libc=$(versions wasi-libc | head -n 1)
    [ "$rust_src" ] && [ "$wasi_libc" ]
}

echo "fetching rust-src $release and wasi-libc from Debian"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keyring" ] || keyring=
update "$keyring" trixie-backports forky sid
if ! find_packages; then
    # An old system lacks the keys of newer suites. Its own suites offer them, signed with keys that it has.
    update "$keyring" $(echo "$own" | cut -d ' ' -f 1 | sort -u)
    newest=$(versions debian-archive-keyring | head -n 1)
    [ "$newest" ] || fail "rust-src and debian-archive-keyring not found in" $archives
    unpack "debian-archive-keyring=$newest"
    update "$work/unpacked/usr/share/keyrings/debian-archive-keyring.gpg" trixie-backports forky sid
    find_packages || fail "rust-src for rustc $release or wasi-libc not found, only rust-src" $(versions rust-src)
fi
unpack "rust-src=$rust_src"
unpack "wasi-libc=$wasi_libc"

echo "compiling the standard library for wasm32-wasip2 (less than a minute)"
# The cargo and rustc of the sysroot: a rustup proxy may choose another toolchain.
export PATH="$sysroot/bin:$PATH"
export RUSTC="$(command -v rustc)"
unset NOTHING $(env | sed -n 's/^\(CARGO_PROFILE_[A-Z0-9_]*\)=.*/\1/p')
cd "$work/unpacked/usr/src/rustc-$release/library"
# Unstable features stay out of reach of functions. Without the remapped path, each run would give a library
# that does not fit what was built with the one before, which cargo does not notice.
flags=$(printf '%s\037' -Zforce-unstable-if-unmarked -Cembed-bitcode=yes "--remap-path-prefix=$PWD=library")
RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=wasip2std CARGO_ENCODED_RUSTFLAGS=${flags%?} \
    cargo build --quiet --locked --release --target wasm32-wasip2 \
    --manifest-path sysroot/Cargo.toml --target-dir "$work/built"

# Laid out as by rustup, and with the compiler's name, so that a new compiler gets a new target.
lib=$work/target/lib
mkdir -p "$lib/self-contained"
cp "$work"/built/wasm32-wasip2/release/deps/*.rlib "$lib"
cd "$work/unpacked/usr/lib/wasm32-wasip2"
cp crt1-command.o crt1-reactor.o libc.a "$lib/self-contained"
echo "$version" >"$work/target/compiled-for-rustc.txt"
[ ! -e "$rustlib/wasm32-wasip2" ] || mv "$rustlib/wasm32-wasip2" "$work/replaced"
mv "$work/target" "$rustlib/wasm32-wasip2"
