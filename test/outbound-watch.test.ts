import { expect, test } from 'bun:test'
import { readTrace } from './support/outbound-watch.ts'

test.each([
  [
    'connect(16, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.9")}, 16) = -1 EINPROGRESS',
    '192.0.2.9:443',
  ],
  ['connect(17, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.1")}, 16) = 0', '10.0.0.1:53'],
  [
    'connect(9, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16 <unfinished ...>',
    '0.0.0.0:80',
  ],
  [
    'connect(9, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
    '[2001:db8::1]:443',
  ],
  ['connect(9, {sa_family=AF_VSOCK, svm_cid=0x2}, 16) = 0', '12 connect(9, {sa_family=AF_VSOCK, svm_cid=0x2}, 16) = 0'],
  ['connect(9, 0x7ffd, 16) = 0', '12 connect(9, 0x7ffd, 16) = 0'],
  ['socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = 9', '12 socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = 9'],
  ['something new', '12 something new'],
])('%s is a stranger', (call, stranger) => {
  expect(readTrace(`12 ${call}\n`)).toEqual({ local: 0, strangers: [stranger] })
})

test.each([
  ['connect(9, {sa_family=AF_INET, sin_port=htons(4000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0', 1],
  [
    'connect(9, {sa_family=AF_INET6, sin6_port=htons(1), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
    1,
  ],
  ['connect(9, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)', 0],
  ['connect(9, {sa_family=AF_UNSPEC, sa_data="\\0\\0"}, 16) = 0', 0],
  ['socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 12', 0],
  ['socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 17', 0],
  ['<... connect resumed>) = 0', 0],
  ['+++ exited with 0 +++', 0],
])('%s is none', (call, local) => {
  expect(readTrace(`12 ${call}\n`)).toEqual({ local, strangers: [] })
})
