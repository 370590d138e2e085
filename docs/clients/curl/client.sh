#!/bin/sh
# sh client.sh URL ROOM NAME: prints what the room hears, one JSON object a line, and says each line of its standard input.
# After a lost connection it goes on where it was.
# Over HTTP nobody is in the room: nobody hears of it, and it is in no list. A room's code is percent-encoded here.
# With --api-token on the server, add -H "Authorization: Bearer TOKEN" to the second curl.
room=${1:-http://localhost:5000}/v1/rooms/${2:-K7Q-FM2-XD9}
name=${3:-Ada}

# Keeps the place that the last line has, and shows what is to be shown. `position` is the last key of each line.
show() {
    while IFS= read -r line; do
        case $line in *'"position":"'*) place=${line##*'"position":"'} && echo "${place%%\"*}" >"$state/place" ;; esac
        case $line in '' | '{"event":"position"'*) ;; *) printf '%s\n' "$line" ;; esac
    done
}

listen() {
    trap 'kill "$curl" 2>/dev/null; exit' TERM
    echo none >"$state/place"
    while true; do
        # A line comes at least every 25 s, an empty one where nothing is said; without any the connection is dead.
        curl -sSN -Y 1 -y 60 -H "Accept: application/x-ndjson" "$room/events?since=$(cat "$state/place")" >"$state/lines" &
        curl=$!
        show <"$state/lines" &
        shower=$!
        wait "$curl"
        wait "$shower"
        echo "disconnected, goes on where it was" >&2
        sleep 1
    done
}

# Tries until the server has answered, with a key by which it knows a message that it has already.
say() {
    key=$$-$(date +%s)-$((count += 1))
    while true; do
        answer=$(printf %s "$1" | curl -sS -m 30 -w '\n%{http_code}' -H "Alert-Name: $name" -H "Idempotency-Key: $key" \
            --data-binary @- "$room")
        case ${answer##*
} in
        2??) return ;;
        000 | 429 | 5??) sleep 1 ;;
        *) echo "not sent: $answer" >&2 && return ;;
        esac
    done
}

state=$(mktemp -d) && mkfifo "$state/lines" || exit 1
listen &
listener=$!
trap 'kill "$listener" 2>/dev/null; rm -r "$state"' EXIT
trap 'exit 1' INT TERM
while IFS= read -r line || [ -n "$line" ]; do
    say "$line"
done
