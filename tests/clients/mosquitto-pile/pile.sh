#!/usr/bin/env bash
# A pile in JSON, driven by a shell: pile.sh <port> <deviceNo> <secret>
# A pile has one connection, and mosquitto_pub and mosquitto_sub make one each; so a local mosquitto holds the pile's
# connection as a bridge, and the shell speaks to that. It charges once at any plug, ends the charge as if the battery were
# full, and exits with 0 when the server has acknowledged both events.
set -euo pipefail
port=$1 device=$2 secret=$3
here=$(mktemp -d)
trap 'code=$?; kill $(jobs -p) 2>/dev/null || true; wait; [ $code = 0 ] || cat "$here/log" >&2; rm -rf "$here"; exit $code' EXIT

cat >"$here/bridge.conf" <<CONF
user $(id -un)
listener 0 $here/socket
allow_anonymous true
persistence false
connection server
address 127.0.0.1:$port
remote_clientid $device
remote_username $device
remote_password $secret
bridge_protocol_version mqttv311
try_private false
notifications false
cleansession true
keepalive_interval 60
restart_timeout 1
topic commands in 1 piles/$device/ piles/$device/
topic status out 1 piles/$device/ piles/$device/
topic events out 1 piles/$device/ piles/$device/
topic results out 1 piles/$device/ piles/$device/
CONF
PATH=$PATH:/usr/sbin mosquitto -c "$here/bridge.conf" >"$here/log" 2>&1 &

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*[^\",} ]\).*/\1/p" <<<"$2"; }
publish() { mosquitto_pub --unix "$here/socket" -V mqttv311 -q 1 -t "piles/$device/$1" -m "$2"; }

boot=shell-$$ seq=0 event=0 state=PLUG_STATE_CONNECTED order='' plug=0 acked=0 clock_set=
status() {
  seq=$((seq + 1))
  local plugs='' n
  for n in 1 2 3 4; do
    plugs+="${plugs:+,}{\"plug\":$n,\"state\":\"$([ $n = $plug ] && echo $state || echo PLUG_STATE_CONNECTED)\",\"orderNo\":\"$([ $n = $plug ] && echo $order || true)\"}"
  done
  publish status "{\"protocolVersion\":1,\"bootId\":\"$boot\",\"connectionId\":\"$boot\",\"seq\":$seq,\"online\":true,\"firmware\":\"shell-1\",\"clock\":\"$(now)\",\"plugs\":[$plugs]}"
}
raise() {
  event=$((event + 1))
  publish events "{\"eventId\":$event,\"bootId\":\"$boot\",\"occurredAt\":\"$(now)\",\"ageMs\":0,$1}"
}
result() { publish results "{\"commandId\":\"$1\",\"outcome\":\"COMMAND_OUTCOME_$2\"${3:+,$3}}"; }

mkfifo "$here/commands"
until [ -S "$here/socket" ]; do sleep 0.05; done
mosquitto_sub --unix "$here/socket" -V mqttv311 -q 1 -t "piles/$device/commands" >"$here/commands" &
exec 3<"$here/commands"

# Until the bridge is up a status reaches nobody, so it is repeated until the server has told the time.
while true; do
  [ -n "$clock_set" ] || status
  read -r -t 1 -u 3 command || continue
  id=$(field commandId "$command")
  case $command in
    *'"setTime"'*)
      clock_set=yes
      result "$id" DONE
      ;;
    *'"reportStatus"'*)
      result "$id" DONE
      status
      ;;
    *'"startCharge"'*)
      [ -n "$clock_set" ] || { result "$id" REJECTED '"reason":"REJECT_REASON_CLOCK_NOT_SET"'; continue; }
      if [ -z "$order" ]; then
        order=$(field orderNo "$command") plug=$(field plug "$command") state=PLUG_STATE_CHARGING
        result "$id" DONE "\"plug\":{\"plug\":$plug,\"state\":\"$state\",\"orderNo\":\"$order\"}"
        raise "\"chargeStarted\":{\"orderNo\":\"$order\",\"plug\":$plug}"
        status
        state=PLUG_STATE_FINISHED
        raise "\"chargeEnded\":{\"orderNo\":\"$order\",\"plug\":$plug,\"seconds\":60,\"energyWh\":3,\"maxPowerW\":180,\"reason\":\"END_REASON_FULL\"}"
        status
      else
        result "$id" DONE
      fi
      ;;
    *'"eventAck"'*)
      acked=$((acked + 1))
      [ $acked = 2 ] && { echo "charged $order"; exit 0; }
      ;;
  esac
done
