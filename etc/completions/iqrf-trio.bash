# Completion of iqrf-trio and iqrfgd2-tokenctl for bash. Written by make docs.

_iqrf_trio_messages="
iqmeshNetwork_AutoNetwork iqmeshNetwork_Backup iqmeshNetwork_BondNodeLocal iqmeshNetwork_DpaHops
iqmeshNetwork_DpaValue iqmeshNetwork_EnumerateDevice iqmeshNetwork_FrcParams
iqmeshNetwork_MaintenanceDuplicatedAddresses iqmeshNetwork_MaintenanceFrcResponseTime
iqmeshNetwork_MaintenanceInconsistentMIDsInCoord iqmeshNetwork_MaintenanceTestRF
iqmeshNetwork_MaintenanceUselessPrebondedNodes iqmeshNetwork_Ping iqmeshNetwork_ReadTrConf
iqmeshNetwork_RemoveBond iqmeshNetwork_RemoveBondOnlyInC iqmeshNetwork_Restart
iqmeshNetwork_Restore iqmeshNetwork_SmartConnect iqmeshNetwork_WriteTrConf
iqrfBinaryoutput_Enumerate iqrfBinaryoutput_SetOutput iqrfDali_Frc iqrfDali_SendCommands
iqrfDali_SendCommandsAsync iqrfDb_Enumerate iqrfDb_GetBinaryOutputs iqrfDb_GetDevice
iqrfDb_GetDeviceMetadata iqrfDb_GetDevices iqrfDb_GetLights iqrfDb_GetNetworkTopology
iqrfDb_GetSensors iqrfDb_MetadataAnnotation iqrfDb_Reset iqrfDb_SetDeviceMetadata
iqrfEmbedCoordinator_AddrInfo iqrfEmbedCoordinator_AuthorizeBond iqrfEmbedCoordinator_Backup
iqrfEmbedCoordinator_BondNode iqrfEmbedCoordinator_BondedDevices
iqrfEmbedCoordinator_ClearAllBonds iqrfEmbedCoordinator_ClearRemotelyBondedMid
iqrfEmbedCoordinator_DiscoveredDevices iqrfEmbedCoordinator_Discovery
iqrfEmbedCoordinator_DiscoveryData iqrfEmbedCoordinator_EnableRemoteBonding
iqrfEmbedCoordinator_ReadRemotelyBondedMid iqrfEmbedCoordinator_RebondNode
iqrfEmbedCoordinator_RemoveBond iqrfEmbedCoordinator_Restore iqrfEmbedCoordinator_SetDpaParams
iqrfEmbedCoordinator_SetHops iqrfEmbedCoordinator_SetMID iqrfEmbedCoordinator_SmartConnect
iqrfEmbedEeeprom_Read iqrfEmbedEeeprom_Write iqrfEmbedEeprom_Read iqrfEmbedEeprom_Write
iqrfEmbedExplore_Enumerate iqrfEmbedExplore_MorePeripheralsInformation
iqrfEmbedExplore_PeripheralInformation iqrfEmbedFrc_ExtraResult iqrfEmbedFrc_Send
iqrfEmbedFrc_SendSelective iqrfEmbedFrc_SetParams iqrfEmbedIo_Direction iqrfEmbedIo_Get
iqrfEmbedIo_Set iqrfEmbedLedg_Flashing iqrfEmbedLedg_Get iqrfEmbedLedg_Pulse iqrfEmbedLedg_Set
iqrfEmbedLedg_SetOff iqrfEmbedLedg_SetOn iqrfEmbedLedr_Flashing iqrfEmbedLedr_Get
iqrfEmbedLedr_Pulse iqrfEmbedLedr_Set iqrfEmbedLedr_SetOff iqrfEmbedLedr_SetOn
iqrfEmbedNode_Backup iqrfEmbedNode_ClearRemotelyBondedMid iqrfEmbedNode_EnableRemoteBonding
iqrfEmbedNode_Read iqrfEmbedNode_ReadRemotelyBondedMid iqrfEmbedNode_RemoveBond
iqrfEmbedNode_Restore iqrfEmbedNode_ValidateBonds iqrfEmbedOs_Batch iqrfEmbedOs_FactorySettings
iqrfEmbedOs_Indicate iqrfEmbedOs_LoadCode iqrfEmbedOs_Read iqrfEmbedOs_ReadCfg iqrfEmbedOs_Reset
iqrfEmbedOs_Restart iqrfEmbedOs_Rfpgm iqrfEmbedOs_SelectiveBatch iqrfEmbedOs_SetSecurity
iqrfEmbedOs_Sleep iqrfEmbedOs_TestRfSignal iqrfEmbedOs_WriteCfg iqrfEmbedOs_WriteCfgByte
iqrfEmbedRam_Read iqrfEmbedRam_Write iqrfEmbedSpi_WriteRead iqrfEmbedThermometer_Read
iqrfEmbedUart_ClearWriteRead iqrfEmbedUart_Close iqrfEmbedUart_Open iqrfEmbedUart_WriteRead
iqrfLight_FrcLaiRead iqrfLight_FrcLdiSend iqrfLight_SendLdiCommands
iqrfLight_SendLdiCommandsAsync iqrfLight_SetLai iqrfRaw iqrfRawHdp iqrfSensorData_GetConfig
iqrfSensorData_Invoke iqrfSensorData_SetConfig iqrfSensorData_Start iqrfSensorData_Status
iqrfSensorData_Stop iqrfSensor_Enumerate iqrfSensor_Frc iqrfSensor_ReadSensorsWithTypes
iqrfTrio_Cancel iqrfTrio_CommissionNetwork iqrfTrio_GetHistory iqrfTrio_GetStates
iqrfTrio_HealthReport iqrfTrio_ReplaceNode iqrfTrio_RunTask iqrfTrio_UndoBonds mngDaemon_Exit
mngDaemon_Mode mngDaemon_StartNetworkQueue mngDaemon_StopNetworkQueue mngDaemon_Version
mngScheduler_AddTask mngScheduler_EditTask mngScheduler_GetTask mngScheduler_List
mngScheduler_RemoveAll mngScheduler_RemoveTask mngScheduler_StartTask mngScheduler_StopTask
mngService_Activate mngService_Deactivate mngService_GwIdentification mngService_TrInfo
mngService_TrWrite ntfDaemon_InvokeMonitor
"

_iqrf_trio_keys="
gateway.instance_id gateway.state_dir gateway.request_timeout_limit gateway.sticky_service_mode
websocket.host websocket.port websocket.tls_port websocket.certificate websocket.private_key
websocket.tls_mode websocket.auth_timeout websocket.auth_failures_per_minute
websocket.max_clients websocket.max_message_size websocket.outbox_size websocket.outbox_bytes
websocket.outbox_bytes_total websocket.max_handshakes websocket.max_unauthenticated
websocket.handshake_timeout websocket.heartbeat websocket.origins websocket.trusted_proxies
websocket.async_messages queue.management_capacity queue.network_capacity queue.background_wait
tasks.answers_to_all port.kind port.spi.board port.spi.mode port.spi.gpio_chip
port.spi.power_enable_pin port.spi.bus_enable_pin port.spi.programming_switch_pin
port.uart.baud_rate port.uart.board port.tcp.host port.tcp.port port.device port.trace
port.trace_keys simulator.nodes simulator.network simulator.seed simulator.speed simulator.loss
sensor_data.auto_run sensor_data.period sensor_data.retry_period sensor_data.async_reports
database.enumerate_on_launch database.enumerate_after_bonding database.ask_states
database.annotate_metadata database.products vault.device vault.frequency vault.flash_size
vault.generations vault.schedule vault.nodes vault.passphrase_file vault.auto_restore
monitor.port monitor.period http.host http.port http.tls_port http.hosts http.metrics_public
history.enabled history.path history.max_size mqtt.url mqtt.version mqtt.instance mqtt.gateway
mqtt.prefix mqtt.client_id mqtt.username mqtt.password_file mqtt.ca mqtt.certificate
mqtt.private_key mqtt.keepalive mqtt.commands mqtt.scope mqtt.service mqtt.require_token
mqtt.async_messages mqtt.request_topic mqtt.response_topic mqtt.home_assistant
mqtt.discovery_prefix mqtt.outbox mqtt.backfill log.level log.areas log.json
"

_iqrf_trio_boards="
raspberry-pi up up-squared orange-pi-zero iqube unipi-axon unipi-iris none
"

# What may follow a command, and its action.
_iqrf_trio_known() {
    case $1 in
        "")
            echo "run call watch network switch light token task import-incumbent db products history tls decode
backup restore vault simulate demo doctor config --help --version"
            ;;
        "run")
            echo "--help --config --simulate --port --state-dir --mqtt --log-level --set --token-file"
            ;;
        "call")
            echo "@messages --help --url --token --token-file --ca --insecure --timeout --json --raw"
            ;;
        "watch")
            echo "--help --url --token --token-file --ca --insecure --json --raw"
            ;;
        "network")
            echo "ping health restart bond smart-connect commission replace remove undo config --help"
            ;;
        "network ping")
            echo "--help --hwpid --json --url --token --token-file --ca --insecure"
            ;;
        "network health")
            echo "--help --rounds --json --url --token --token-file --ca --insecure"
            ;;
        "network restart")
            echo "--help --hwpid --json --url --token --token-file --ca --insecure"
            ;;
        "network bond")
            echo "--help --address --json --url --token --token-file --ca --insecure"
            ;;
        "network smart-connect")
            echo "--help --address --json --url --token --token-file --ca --insecure"
            ;;
        "network commission")
            echo "--help --dry-run --resume --json --url --token --token-file --ca --insecure"
            ;;
        "network replace")
            echo "--help --code --mid --no-config --json --url --token --token-file --ca --insecure"
            ;;
        "network remove")
            echo "--help --only-coordinator --json --url --token --token-file --ca --insecure"
            ;;
        "network undo")
            echo "--help --dry-run --json --url --token --token-file --ca --insecure"
            ;;
        "network config")
            echo "--help --json --url --token --token-file --ca --insecure"
            ;;
        "switch")
            echo "on off --help --for --json --url --token --token-file --ca --insecure"
            ;;
        "light")
            echo "--help --dali --json --url --token --token-file --ca --insecure"
            ;;
        "token")
            echo "create get list revoke rotate import --help"
            ;;
        "token create")
            echo "--owner --expiration --service --scope --help --json --path --state-dir --config"
            ;;
        "token get")
            echo "--id --help --json --path --state-dir --config"
            ;;
        "token list")
            echo "--help --json --path --state-dir --config"
            ;;
        "token revoke")
            echo "--id --help --json --path --state-dir --config"
            ;;
        "token rotate")
            echo "--id --help --json --path --state-dir --config"
            ;;
        "token import")
            echo "@files --help --json --path --state-dir --config"
            ;;
        "task")
            echo "list show add remove run start stop --help"
            ;;
        "task list")
            echo "--help --json --url --token --token-file --ca --insecure"
            ;;
        "task show")
            echo "--help --json --url --token --token-file --ca --insecure"
            ;;
        "task add")
            echo "@messages --help --every --at --cron --description --mqtt --json --url --token --token-file --ca
--insecure"
            ;;
        "task remove")
            echo "--help --json --url --token --token-file --ca --insecure"
            ;;
        "task run")
            echo "--help --json --url --token --token-file --ca --insecure"
            ;;
        "task start")
            echo "--help --json --url --token --token-file --ca --insecure"
            ;;
        "task stop")
            echo "--help --json --url --token --token-file --ca --insecure"
            ;;
        "import-incumbent")
            echo "@directories --help --databases --tasks --output --state-dir --force --json"
            ;;
        "db")
            echo "import new --help"
            ;;
        "db import")
            echo "@files --help --json --state-dir --config"
            ;;
        "db new")
            echo "--help --json --state-dir --config"
            ;;
        "products")
            echo "import --help"
            ;;
        "products import")
            echo "@files --help --output --json"
            ;;
        "history")
            echo "show export forget --help --last --format --json --url --token --token-file --ca --insecure"
            ;;
        "tls")
            echo "create --help --output --days --force --json"
            ;;
        "decode")
            echo "@files --help --captures --json"
            ;;
        "backup")
            echo "--help --file --flash --nodes --json --config --simulate --port --state-dir --mqtt --log-level
--set --url --token --token-file --ca --insecure"
            ;;
        "restore")
            echo "--help --file --flash --coordinator --database --dry-run --force --json --config --simulate
--port --state-dir --mqtt --log-level --set --url --token --token-file --ca --insecure"
            ;;
        "vault")
            echo "list verify show --help --file --flash --configuration --json --config --simulate --port
--state-dir --mqtt --log-level --set"
            ;;
        "simulate")
            echo "--help --tcp --pty --nodes --network --speed --seed --loss"
            ;;
        "demo")
            echo "--help --nodes --speed --seed"
            ;;
        "doctor")
            echo "--help --config --json --no-module --root"
            ;;
        "config")
            echo "--help --default --json --config --simulate --port --state-dir --mqtt --log-level --set"
            ;;
    esac
}

# What the value of an option is.
_iqrf_trio_kind() {
    case $1 in
        -c|--config)
            echo "@files"
            ;;
        --state-dir)
            echo "@directories"
            ;;
        --log-level)
            echo "debug info warning error"
            ;;
        --set)
            echo "@keys"
            ;;
        --token-file)
            echo "@files"
            ;;
        --ca)
            echo "@files"
            ;;
        --scope)
            echo "read control manage"
            ;;
        -p|--path)
            echo "@files"
            ;;
        --databases)
            echo "@directories"
            ;;
        --tasks)
            echo "@files"
            ;;
        --output)
            echo "@directories"
            ;;
        -o|--output)
            echo "@files"
            ;;
        --format)
            echo "csv influx"
            ;;
        --captures)
            echo "@files"
            ;;
        --file)
            echo "@files"
            ;;
        --pty)
            echo "uart cdc"
            ;;
        --network)
            echo "@files"
            ;;
        --root)
            echo "@directories"
            ;;
    esac
}

# The boards behind --set port.spi.board=, whose "=" the shell takes for a word of its own.
_iqrf_trio_board() {
    local words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    [[ ${words[*]: -3} == *.board\ =* || ${words[*]: -2} == *.board\ = ]] || return 1
    COMPREPLY=($(compgen -W "$_iqrf_trio_boards" -- "${cur#=}"))
}

# The values of the option before the cursor.
_iqrf_trio_value() {
    local kind=$(_iqrf_trio_kind "$prev")
    case $kind in
        "") return 1 ;;
        @files) COMPREPLY=($(compgen -f -- "$cur")) ;;
        @directories) COMPREPLY=($(compgen -d -- "$cur")) ;;
        @keys)
            compopt -o nospace 2>/dev/null
            COMPREPLY=($(compgen -S = -W "$_iqrf_trio_keys" -- "$cur"))
            ;;
        *) COMPREPLY=($(compgen -W "$kind" -- "$cur")) ;;
    esac
}

# Proposes what may follow a command: $1 is its name, with its action where it has one.
_iqrf_trio_words() {
    local known=$(_iqrf_trio_known "$1") word
    COMPREPLY=()
    for word in $known; do
        case $word in
            @files) COMPREPLY+=($(compgen -f -- "$cur")) ;;
            @directories) COMPREPLY+=($(compgen -d -- "$cur")) ;;
            @messages)
                [[ $cur == -* || $prev != "${1##* }" ]] ||
                    COMPREPLY+=($(compgen -W "$_iqrf_trio_messages" -- "$cur"))
                ;;
            *) COMPREPLY+=($(compgen -W "$word" -- "$cur")) ;;
        esac
    done
}

# The command that was typed, with its action: the longest one that is known.
_iqrf_trio_complete() { # words before the cursor
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    _iqrf_trio_board && return
    _iqrf_trio_value && return
    local name="$1"
    [[ $# -lt 2 || -z $(_iqrf_trio_known "$1 $2") ]] || name="$1 $2"
    _iqrf_trio_words "$name"
}

_iqrf_trio() {
    _iqrf_trio_complete "${COMP_WORDS[@]:1:COMP_CWORD-1}"
}

_iqrfgd2_tokenctl() {
    _iqrf_trio_complete token "${COMP_WORDS[@]:1:COMP_CWORD-1}"
}

complete -F _iqrf_trio iqrf-trio
complete -F _iqrfgd2_tokenctl iqrfgd2-tokenctl
