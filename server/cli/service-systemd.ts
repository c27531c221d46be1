import path from 'node:path'
import { err, ok } from '../lib/result.ts'
import { isPlain, marker, type PlanService, type ServiceAsk } from './service-plan.ts'

/** A service of the system with a user of its own, or one of a person's own manager, which has fewer fences to give. */
export const planSystemd: PlanService = (ask) => {
  const { name, program, user, home } = ask
  const dataDir = ask.dataDir ?? (user ? path.join(home, '.local/share', name) : `/var/lib/${name}`)
  const fault = faultOf(ask, dataDir)
  if (fault !== undefined) return err(fault)
  const file = user ? path.join(home, '.config/systemd/user', `${name}.service`) : `/etc/systemd/system/${name}.service`
  const control = ['systemctl', ...(user ? ['--user'] : [])]
  const unit = `${name}.service`
  return ok({
    file,
    text: `# ${marker}\n${unitText({ ...ask, dataDir })}`,
    dataDir,
    makesFolder: user,
    removesFirst: false,
    install: [
      [...control, 'daemon-reload'],
      [...control, 'enable', '--now', unit],
    ],
    again: [
      [...control, 'daemon-reload'],
      [...control, 'enable', unit],
      [...control, 'restart', unit],
    ],
    remove: [[...control, 'disable', '--now', unit]],
    afterRemove: [[...control, 'daemon-reload']],
    status: [
      [...control, 'is-active', unit],
      [...control, 'is-enabled', unit],
    ],
    stateOf: ([active, enabled]) => ({
      running: active?.out.trim() === 'active' || active?.out.trim() === 'reloading',
      enabled: enabled?.out.trim() === 'enabled',
    }),
    hint: user
      ? `The set-up code for the first password: journalctl --user -u ${name}\nTo run while you are not signed in: loginctl enable-linger`
      : `The set-up code for the first password: journalctl -u ${name}`,
    rights: user
      ? 'Run it as the person it is for, in a session of their own.'
      : `Run it as root (sudo ${program} service …), or with --user for yourself alone.`,
  })
}

const stateRoot = '/var/lib/'

function faultOf({ program, user, options }: ServiceAsk, dataDir: string): string | undefined {
  for (const one of [program, dataDir, ...options]) {
    if (!isPlain(one)) return 'A path with a line end or another control character cannot stand in a unit.'
  }
  if (/[\\"'$]/.test(program)) return `${program}: systemd does not take \\ " ' or $ in the path of a program. Move it.`
  if (dataDir.endsWith('\\') || dataDir !== dataDir.trim()) {
    return `${dataDir}: a folder whose name ends with a space or \\ cannot stand in a unit.`
  }
  if (user) return undefined
  if (/^\/(home|root|run\/user)\//.test(program)) {
    return `A service of the system must not depend on a home folder. Put the program elsewhere first (install -m 755 ${program} /usr/local/bin/claude-server) and run that one, or use --user.`
  }
  if (!/^\/var\/lib\/[\w.-]+(\/[\w.-]+)*$/.test(dataDir) || dataDir.startsWith('/var/lib/private/')) {
    return `${dataDir}: the service has a user of its own, whose folder must lie in ${stateRoot} and have a plain name (letters, digits, . _ -). Give --data-dir ${stateRoot}claude-server, or use --user.`
  }
  return undefined
}

/** One word of a command line, as systemd.service(5) reads it. */
const word = (text: string): string => {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', () => '$$')
  return /^[\w@%+=:,./$-]+$/.test(text) ? escaped : `"${escaped.replace(/[\\"]/g, String.raw`\$&`)}"`
}
const specifiersOut = (text: string): string => text.replaceAll('%', '%%')

/** Held against docs/examples/systemd/claude-server.service by a test. */
export function unitText(ask: Omit<ServiceAsk, 'dataDir'> & { readonly dataDir: string }): string {
  const { name, program, dataDir, user, home, options } = ask
  const start = [program, 'serve', '--data-dir', dataDir, '--no-browser', ...options].map(word).join(' ')
  const reload = [program, 'restart', '--data-dir', dataDir].map(word).join(' ')
  const environment = user ? path.join(home, '.config', `${name}.env`) : `/etc/${name}.env`
  const head = user ? '' : 'After=network-online.target\nWants=network-online.target\n'
  return `[Unit]
Description=claude-server, AI gateway
${head}
[Service]
# The server says itself when it serves, when it stops, and that it is alive.
Type=notify
# Its successor speaks too: \`systemctl reload\` starts the program anew without closing the port.
NotifyAccess=all
ExecStart=${start}
ExecReload=${reload}
# Secrets and settings of the environment, where there are any: ADMIN_PASSWORD, MASTER_KEY, HOST, PORT.
EnvironmentFile=-${specifiersOut(environment)}
Restart=on-failure
RestartSec=2
# A first start may bring a large database up to date.
TimeoutStartSec=10min
# server.shutdown_grace_seconds (30) and a little
TimeoutStopSec=40
WatchdogSec=60
LimitNOFILE=65536

${user ? '' : ownUser(dataDir)}WorkingDirectory=${specifiersOut(dataDir)}
UMask=0077

${user ? userFences : systemFences}
[Install]
WantedBy=${user ? 'default.target' : 'multi-user.target'}
`
}

const ownUser = (
  dataDir: string,
): string => `# A user of its own, made with the start and gone with the stop; the folder stays and is its alone.
DynamicUser=yes
StateDirectory=${dataDir.slice(stateRoot.length)}
StateDirectoryMode=0700
`

const systemFences = `ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
# AF_NETLINK: the machine's own addresses are asked of it
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# A call that is not let through fails; it does not end the service.
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute: JavaScript is compiled to machine code while it runs.
`

/** What a manager without rights over the system can give. */
const userFences = `NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
`
