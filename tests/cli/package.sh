#!/bin/bash
# What is handed on: the archive builds by itself, and a Debian package made from it passes lintian, holds what it should, and
# (where the CI runs as root) installs, runs and is removed without a trace.
. "$(dirname "$0")/lib"

if ! git rev-parse HEAD >/dev/null 2>&1; then
    skip "the archive and the package" "this is no checkout"
    done_testing
    exit
fi
version=$("$convis" --version | cut -d' ' -f2)
git archive --prefix="convis-$version/" HEAD | tar -x -C "$scratch" || exit 1
tree=$scratch/convis-$version
grep -q "^convis ($version)" debian/changelog
ok "the changelog tells this version" test $? = 0

if ! command -v dpkg-buildpackage >/dev/null || ! command -v dh >/dev/null || ! command -v lintian >/dev/null; then
    skip "the package is built" "dpkg-dev, debhelper and lintian are not all installed"
    done_testing
    exit
fi
build() { (cd "$tree" && dpkg-buildpackage -b -us -uc); }
ok "the package is built" build
deb=$(ls "$scratch"/convis_*.deb)
clean() { lintian --fail-on error,warning --allow-root "$scratch"/*.changes; }
ok "lintian finds no error and no warning" clean
dpkg-deb -x "$deb" "$scratch/root"
for file in usr/bin/convis usr/share/convis/scenarios/stale-global.ini usr/share/man/man1/convis.1.gz usr/share/man/man5/convis-scenario.5.gz \
    usr/share/bash-completion/completions/convis usr/share/zsh/vendor-completions/_convis usr/share/fish/vendor_completions.d/convis.fish; do
    ok "it holds $file" test -s "$scratch/root/$file"
done

installed() { dpkg-query -W -f='${Status}' convis 2>/dev/null | grep -q ' installed'; }
if [ "$(id -u)" != 0 ] || [ "${CI:-}" != true ] || installed; then
    skip "it installs, runs and is removed" "that is for the CI, as root, where no convis is installed"
    done_testing
    exit
fi
ok "it installs" dpkg -i "$deb"
runs() { (cd / && PATH=/usr/bin:/bin convis run stale-global -m stepped:async) | grep -q "Handled by: Bob"; }
ok "what is installed runs" runs
ok "it is removed" dpkg -P convis
ok "without a trace" test ! -e /usr/bin/convis -a ! -e /usr/share/convis -a ! -e /usr/share/man/man1/convis.1.gz
done_testing
