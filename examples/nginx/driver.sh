# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # blue-green.sh sets what is used here
# How blue-green.sh turns nginx without a reload: files say which of the hundred buckets are green's (mgeo.conf).
# $state is the share_folder that mgeo.conf names.

proxy_check() {
    [ -w "$state" ] || die "$state: cannot be written; --state names another share_folder, and mgeo.conf must name the same"
}

# Percent of the requests that green gets.
proxy_share() {
    if [ -d "$state/share" ]; then
        find "$state/share/" -type f | wc -l | tr -d ' '
    else
        echo 0
    fi
}

# A rename puts the whole set in place, so no request meets half of it. nginx's workers must be able to see it.
proxy_set_share() {
    share_folder=$state/shares/$1
    if [ ! -d "$share_folder" ]; then
        rm -rf "$share_folder.part"
        mkdir -p "$share_folder.part"
        bucket=0
        while [ "$bucket" -lt "$1" ]; do
            : >"$share_folder.part/$bucket"
            bucket=$((bucket + 1))
        done
        chmod -R a+rX "$state/shares"
        mv "$share_folder.part" "$share_folder"
    fi
    ln -sfn "shares/$1" "$state/share.part"
    mv -fT "$state/share.part" "$state/share" || die "$state/share: cannot be exchanged"
}
