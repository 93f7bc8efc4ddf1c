"""The scripts for NSSM, below the assignments that `nssm` puts before them.

They are written for Windows PowerShell 5.1 and for PowerShell 7, which pass quotes to a command in
different ways: what may have some goes into the registry directly, where NSSM keeps it. Nothing of
an environment file is on a command line.
"""

from __future__ import annotations

COMMON = r"""
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$Key = "HKLM:\SYSTEM\CurrentControlSet\Services\$Name\Parameters"

function Stop-WithError([string]$Text) {
    [Console]::Error.WriteLine("watchdog: $Text")
    exit 1
}

function Assert-Administrator {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    if (-not $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
        Stop-WithError 'this is for an administrator: start PowerShell with "Run as administrator"'
    }
}

function Find-Nssm {
    $found = Get-Command -Name $Nssm -CommandType Application -ErrorAction SilentlyContinue
    if (-not $found) {
        Stop-WithError ("NSSM was not found as $Nssm; get it from https://nssm.cc" +
            ', or say where it is: -Nssm C:\path\to\nssm.exe')
    }
    return @($found)[0].Path
}

function Invoke-Nssm {
    & $NssmPath @args | Out-Null
    if ($LASTEXITCODE -ne 0) {
        Stop-WithError "nssm $($args -join ' ') failed with exit code $LASTEXITCODE"
    }
}

function Find-Service {
    return Get-Service -ErrorAction SilentlyContinue | Where-Object { $_.Name -eq $Name }
}

# Its programs are stopped in order, each with its grace: that takes as long as it takes.
function Stop-AndWait {
    $service = Find-Service
    if ($service.Status -eq 'Stopped') { return }
    Write-Host "stopping $Name (up to $StopSeconds s) ..."
    & $NssmPath stop $Name | Out-Null
    try {
        $service.WaitForStatus('Stopped', [TimeSpan]::FromSeconds($StopSeconds + 15))
    } catch {
        Stop-WithError "$Name does not stop; see its log"
    }
}

Assert-Administrator
$NssmPath = Find-Nssm
"""

INSTALL = (
    COMMON
    + r"""
# --- is there anything to be installed? -----------------------------------------------------------

function Assert-Usable {
    if (-not (Test-Path -LiteralPath $Application -PathType Leaf)) {
        Stop-WithError "there is no $Application; install watchdog-supervisor there"
    }
    if (-not (Test-Path -LiteralPath $Config -PathType Leaf)) {
        Stop-WithError "there is no configuration $Config"
    }
    # The same words that the service gets, so that what passes here starts there.
    $start = New-Object Diagnostics.ProcessStartInfo
    $start.FileName = $Application
    $start.Arguments = "$Prefix check -c `"$Config`"".Trim()
    $start.WorkingDirectory = $Directory
    $start.UseShellExecute = $false
    foreach ($entry in $Environment) {
        $start.EnvironmentVariables[$entry.Split('=', 2)[0]] = $entry.Split('=', 2)[1]
    }
    $check = [Diagnostics.Process]::Start($start)
    $check.WaitForExit()
    if ($check.ExitCode -ne 0) {
        Stop-WithError "$Config is not usable; the service is left as it is"
    }
}

# KEY=value lines. `#` begins a comment, quotes around a value are taken off.
function Read-Environment {
    if (-not $EnvironmentFile) { return }
    if (-not (Test-Path -LiteralPath $EnvironmentFile -PathType Leaf)) {
        Stop-WithError "there is no environment file $EnvironmentFile"
    }
    foreach ($line in Get-Content -LiteralPath $EnvironmentFile -Encoding UTF8) {
        if ($line -match '^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$') {
            $key, $value = $Matches[1], $Matches[2]
            if ($value -match '^"(.*)"$' -or $value -match "^'(.*)'$") { $value = $Matches[1] }
            "$key=$value"
        }
    }
}

# --- the settings, all of them each time: after a change just run this again ----------------------

function Set-Text([string]$Setting, [string]$Value) {
    New-ItemProperty -LiteralPath $Key -Name $Setting -PropertyType String `
        -Value $Value -Force | Out-Null
}

function Set-Command {
    Set-Text 'Application' $Application
    Set-Text 'AppParameters' $Parameters
    Set-Text 'AppDirectory' $Directory
    Invoke-Nssm set $Name DisplayName $DisplayName
    Invoke-Nssm set $Name Description $Description
    Invoke-Nssm set $Name Start SERVICE_AUTO_START
}

# Any user may read the settings of a service. Those with an environment only administrators may.
function Set-Environment {
    Remove-ItemProperty -LiteralPath $Key -Name 'AppEnvironmentExtra' -ErrorAction SilentlyContinue
    if ($Environment.Count -eq 0) { return }
    $acl = Get-Acl -Path $Key
    $acl.SetAccessRuleProtection($true, $false)
    foreach ($sid in 'S-1-5-18', 'S-1-5-32-544') {
        $who = New-Object Security.Principal.SecurityIdentifier($sid)
        $rule = New-Object Security.AccessControl.RegistryAccessRule(
            $who, 'FullControl', 'ContainerInherit', 'None', 'Allow')
        $acl.AddAccessRule($rule)
    }
    Set-Acl -Path $Key -AclObject $acl
    New-ItemProperty -LiteralPath $Key -Name 'AppEnvironmentExtra' -PropertyType MultiString `
        -Value ([string[]]$Environment) -Force | Out-Null
}

# What the watchdog itself says. Its programs write to logs of their own.
function Set-Logs {
    New-Item -ItemType Directory -Force -Path ([IO.Path]::GetDirectoryName($LogFile)) | Out-Null
    Set-Text 'AppStdout' $LogFile
    Set-Text 'AppStderr' $LogFile
    Invoke-Nssm set $Name AppRotateFiles 1
    Invoke-Nssm set $Name AppRotateOnline 1
    Invoke-Nssm set $Name AppRotateBytes $LogBytes
}

# Started again after any end, ever more slowly if it ends at once (as with 69: another one runs).
# Not after 0 (it was told to end), 77 (a token was refused) and 78 (bad configuration).
function Set-Restarts {
    Invoke-Nssm set $Name AppExit Default Restart
    foreach ($code in 0, 77, 78) { Invoke-Nssm set $Name AppExit $code Exit }
    Invoke-Nssm set $Name AppRestartDelay $RestartDelay
    Invoke-Nssm set $Name AppThrottle $Throttle
    # Should NSSM itself die, Windows starts it again.
    & sc.exe failure $Name reset= 86400 actions= restart/5000/restart/30000/restart/60000 | Out-Null
    & sc.exe failureflag $Name 1 | Out-Null
}

# Ctrl+C, and time for the whole stop in order. It has no windows, and no queue of messages.
function Set-Stop {
    Invoke-Nssm set $Name AppStopMethodSkip 6
    Invoke-Nssm set $Name AppStopMethodConsole ($StopSeconds * 1000)
}

function Start-AndLook {
    Write-Host "starting $Name ..."
    & $NssmPath start $Name | Out-Null
    $service = Find-Service
    try { $service.WaitForStatus('Running', [TimeSpan]::FromSeconds(30)) } catch { }
    Start-Sleep -Milliseconds ($Throttle + 500)
    $service.Refresh()
    if ($service.Status -ne 'Running') {
        Get-Content -LiteralPath $LogFile -Tail 20 -ErrorAction SilentlyContinue | Write-Host
        Stop-WithError "$Name is $($service.Status); the end of $LogFile stands above"
    }
    Write-Host "$Name runs. Its log: $LogFile"
}

$Environment = @(Read-Environment)
Assert-Usable
if (Find-Service) {
    Stop-AndWait
} else {
    Invoke-Nssm install $Name $Application
}
Set-Command
Set-Environment
Set-Logs
Set-Restarts
Set-Stop
Start-AndLook
"""
)

UNINSTALL = (
    COMMON
    + r"""
if (-not (Find-Service)) {
    Write-Host "there is no service $Name"
    exit 0
}
Stop-AndWait
Invoke-Nssm remove $Name confirm
Write-Host "$Name is removed; the configuration, the logs and the state are left where they are"
"""
)
