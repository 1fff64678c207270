# Completion of iqrf-trio and iqrfgd2-tokenctl for bash.

# Written by make docs.
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
iqrfTrio_HealthReport iqrfTrio_RunTask iqrfTrio_UndoBonds mngDaemon_Exit mngDaemon_Mode
mngDaemon_StartNetworkQueue mngDaemon_StopNetworkQueue mngDaemon_Version mngScheduler_AddTask
mngScheduler_EditTask mngScheduler_GetTask mngScheduler_List mngScheduler_RemoveAll
mngScheduler_RemoveTask mngScheduler_StartTask mngScheduler_StopTask mngService_Activate
mngService_Deactivate mngService_GwIdentification mngService_TrInfo mngService_TrWrite
ntfDaemon_InvokeMonitor
"

_iqrf_trio_token() {
    local commands="create get list revoke rotate import help"
    case $prev in
        -p | --path | -c | --config) COMPREPLY=($(compgen -f -- "$cur")) && return ;;
        --state-dir) COMPREPLY=($(compgen -d -- "$cur")) && return ;;
        --scope) COMPREPLY=($(compgen -W "read control manage" -- "$cur")) && return ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "--help --path --state-dir --json --id --owner --expiration \
            --service $1" -- "$cur"))
    else
        COMPREPLY=($(compgen -W "$commands" -- "$cur"))
    fi
}

# The boards behind --set port.spi.board=, whose "=" the shell takes for a word of its own.
_iqrf_trio_board() {
    local words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    [[ ${words[*]: -3} == *.board\ =* || ${words[*]: -2} == *.board\ = ]] || return 1
    COMPREPLY=($(compgen -W "$_iqrf_trio_boards" -- "${cur#=}"))
}

_iqrf_trio() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local common="--config --simulate --port --state-dir --log-level --mqtt --set --help"
    local gateway="--url --token --token-file --ca --insecure"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "run call watch network switch light task token import-incumbent db products history tls decode backup \
            restore vault simulate demo doctor config --version --help" -- "$cur"))
        return
    fi
    _iqrf_trio_board && return
    case $prev in
        -c | --config | --token-file | --ca | --file | --network) COMPREPLY=($(compgen -f -- "$cur")) && return ;;
        --state-dir) COMPREPLY=($(compgen -d -- "$cur")) && return ;;
        --log-level) COMPREPLY=($(compgen -W "debug info warning error" -- "$cur")) && return ;;
        --set)
            compopt -o nospace 2>/dev/null
            COMPREPLY=($(compgen -S = -W "$_iqrf_trio_keys" -- "$cur")) && return
            ;;
        --pty) COMPREPLY=($(compgen -W "uart cdc" -- "$cur")) && return ;;
    esac
    case ${COMP_WORDS[1]} in
        token) _iqrf_trio_token --scope ;;
        run) COMPREPLY=($(compgen -W "$common --token-file" -- "$cur")) ;;
        config) COMPREPLY=($(compgen -W "$common --default --json" -- "$cur")) ;;
        doctor) COMPREPLY=($(compgen -W "--config --root --json --no-module --help" -- "$cur")) ;;
        import-incumbent)
            COMPREPLY=($(compgen -W "--output --state-dir --databases --tasks --force --json --help" -- "$cur")
                $(compgen -d -- "$cur"))
            ;;
        db) COMPREPLY=($(compgen -W "import new --state-dir --config --json --help" -- "$cur") $(compgen -f -- "$cur")) ;;
        call)
            if ((COMP_CWORD == 2)) && [[ $cur != -* ]]; then
                COMPREPLY=($(compgen -W "$_iqrf_trio_messages" -- "$cur"))
            else
                COMPREPLY=($(compgen -W "$gateway --timeout --json --raw --help" -- "$cur"))
            fi
            ;;
        history) COMPREPLY=($(compgen -W "show export forget $gateway --last --format --json --help" -- "$cur")) ;;
        tls) COMPREPLY=($(compgen -W "create --output --days --force --help" -- "$cur")) ;;
        watch) COMPREPLY=($(compgen -W "$gateway --json --raw --help" -- "$cur")) ;;
        network)
            COMPREPLY=($(compgen -W "ping health restart bond smart-connect remove config $gateway --hwpid \
                --rounds --address --only-coordinator --json --help" -- "$cur"))
            ;;
        switch) COMPREPLY=($(compgen -W "on off --for $gateway --json --help" -- "$cur")) ;;
        light) COMPREPLY=($(compgen -W "on off --dali $gateway --json --help" -- "$cur")) ;;
        task)
            COMPREPLY=($(compgen -W "list show add remove run $gateway --every --at --cron \
                --description --mqtt --json --help" -- "$cur"))
            ;;
        backup) COMPREPLY=($(compgen -W "$common $gateway --file --flash --nodes --json" -- "$cur")) ;;
        restore)
            COMPREPLY=($(compgen -W "$common $gateway --file --flash --coordinator --database \
                --dry-run --force --json" -- "$cur"))
            ;;
        vault)
            COMPREPLY=($(compgen -W "list verify show $common --file --flash --configuration --json" \
                -- "$cur"))
            ;;
        simulate)
            COMPREPLY=($(compgen -W "--tcp --pty --nodes --network --speed --seed --loss --help" \
                -- "$cur"))
            ;;
    esac
}

_iqrfgd2_tokenctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    _iqrf_trio_token
}

complete -F _iqrf_trio iqrf-trio
complete -F _iqrfgd2_tokenctl iqrfgd2-tokenctl
