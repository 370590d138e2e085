#!/bin/sh
# sh client.sh URL ROOM NAME: prints what the room hears, one JSON object a line, and says each line of its standard input.
# Over HTTP nobody is in the room: nobody hears of it, and it is in no list. A room's code is percent-encoded here.
# With --api-token on the server, add -H "Authorization: Bearer TOKEN" to the second curl.
room=${1:-http://localhost:5000}/v1/rooms/${2:-D5DB}
name=${3:-Ada}

listen() {
    trap 'kill "$curl"; exit' TERM
    while true; do
        # A line comes at least every 25 s, an empty one where nothing is said; without any the connection is dead.
        curl -sSN -Y 1 -y 60 -H "Accept: application/x-ndjson" "$room/events" &
        curl=$!
        wait "$curl"
        echo "disconnected, messages may be missed" >&2
        sleep 1
    done
}

listen &
listener=$!
trap 'kill "$listener"' EXIT
trap 'exit 1' INT TERM
while IFS= read -r line; do
    printf %s "$line" | curl -sS --fail-with-body -o /dev/null -H "Alert-Name: $name" --data-binary @- "$room" ||
        echo "not sent" >&2
done
