#!/bin/sh
# sh client.sh URL ROOM NAME: prints what the room hears, one JSON object a line, and says each line of its standard input.
# Over HTTP nobody is in the room: nobody hears of it, and it is in no list. A room's code is percent-encoded here.
# With --api-token on the server, add -H "Authorization: Bearer TOKEN" to the second curl.
room=${1:-http://localhost:5000}/v1/rooms/${2:-K7Q-FM2-XD9}
name=${3:-Ada}

listen() {
    trap 'kill "$curl" 2>/dev/null; exit' TERM
    while true; do
        # A line comes at least every 25 s, an empty one where nothing is said; without any the connection is dead.
        curl -sSN -Y 1 -y 60 -H "Accept: application/x-ndjson" "$room/events" &
        curl=$!
        wait "$curl"
        echo "disconnected, messages may be missed" >&2
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

listen &
listener=$!
trap 'kill "$listener" 2>/dev/null' EXIT
trap 'exit 1' INT TERM
while IFS= read -r line || [ -n "$line" ]; do
    say "$line"
done
