# Completion of iqrf-trio and iqrfgd2-tokenctl for bash.

# Written by make docs.
_iqrf_trio_messages="
iqmeshNetwork_Backup iqmeshNetwork_DpaHops iqmeshNetwork_DpaValue iqmeshNetwork_FrcParams
iqmeshNetwork_Ping iqmeshNetwork_RemoveBond iqmeshNetwork_RemoveBondOnlyInC
iqmeshNetwork_Restart iqmeshNetwork_Restore iqrfDb_Enumerate iqrfDb_GetBinaryOutputs
iqrfDb_GetDevice iqrfDb_GetDeviceMetadata iqrfDb_GetDevices iqrfDb_GetLights
iqrfDb_GetNetworkTopology iqrfDb_GetSensors iqrfDb_MetadataAnnotation iqrfDb_Reset
iqrfDb_SetDeviceMetadata iqrfRaw iqrfRawHdp iqrfSensorData_GetConfig iqrfSensorData_Invoke
iqrfSensorData_SetConfig iqrfSensorData_Start iqrfSensorData_Status iqrfSensorData_Stop
iqrfTrio_Cancel mngDaemon_Exit mngDaemon_Mode mngDaemon_StartNetworkQueue
mngDaemon_StopNetworkQueue mngDaemon_Version ntfDaemon_InvokeMonitor
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

_iqrf_trio() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local common="--config --simulate --port --state-dir --log-level --set --help"
    local gateway="--url --token --token-file --ca --insecure"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "run call watch token import-incumbent db products decode backup \
            restore vault simulate demo doctor config --version --help" -- "$cur"))
        return
    fi
    case $prev in
        -c | --config | --token-file | --ca | --file | --network) COMPREPLY=($(compgen -f -- "$cur")) && return ;;
        --state-dir) COMPREPLY=($(compgen -d -- "$cur")) && return ;;
        --log-level) COMPREPLY=($(compgen -W "debug info warning error" -- "$cur")) && return ;;
        --pty) COMPREPLY=($(compgen -W "uart cdc" -- "$cur")) && return ;;
    esac
    case ${COMP_WORDS[1]} in
        token) _iqrf_trio_token --scope ;;
        run) COMPREPLY=($(compgen -W "$common --token-file" -- "$cur")) ;;
        config) COMPREPLY=($(compgen -W "$common --default" -- "$cur")) ;;
        doctor) COMPREPLY=($(compgen -W "--config --root --json --no-module --help" -- "$cur")) ;;
        import-incumbent)
            COMPREPLY=($(compgen -W "--output --state-dir --databases --tasks --force --help" -- "$cur")
                $(compgen -d -- "$cur"))
            ;;
        db) COMPREPLY=($(compgen -W "import new --state-dir --config --help" -- "$cur") $(compgen -f -- "$cur")) ;;
        call)
            if ((COMP_CWORD == 2)); then
                COMPREPLY=($(compgen -W "$_iqrf_trio_messages --help" -- "$cur"))
            else
                COMPREPLY=($(compgen -W "$gateway --timeout --raw --help" -- "$cur"))
            fi
            ;;
        watch) COMPREPLY=($(compgen -W "$gateway --raw --help" -- "$cur")) ;;
        backup) COMPREPLY=($(compgen -W "$common $gateway --file --flash --nodes" -- "$cur")) ;;
        restore)
            COMPREPLY=($(compgen -W "$common $gateway --file --flash --coordinator --database \
                --dry-run --force" -- "$cur"))
            ;;
        vault)
            COMPREPLY=($(compgen -W "list verify show $common --file --flash --configuration" \
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
