/**
 * Which addresses are of the internet, by the IANA registries of special-purpose addresses (RFC 6890). IPv6 by what is
 * allowed: all that is of the internet begins with 001, but for what tunnels to an IPv4 address or is for examples.
 */
import { BlockList, isIP } from 'node:net';

const SPECIAL_IPV4: ReadonlyArray<readonly [address: string, bits: number]> = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const SPECIAL_IPV6: typeof SPECIAL_IPV4 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

function listOf(rows: typeof SPECIAL_IPV4, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  rows.forEach(([address, bits]) => list.addSubnet(address, bits, family));
  return list;
}

let lists: { ipv4: BlockList; ipv6: BlockList; internet: BlockList } | undefined;

/** @param address an IPv4 or IPv6 address as `dns.lookup` and `URL.hostname` (without its brackets) write it */
export function isPublicAddress(address: string): boolean {
  lists ??= {
    ipv4: listOf(SPECIAL_IPV4, 'ipv4'),
    ipv6: listOf(SPECIAL_IPV6, 'ipv6'),
    internet: listOf([['2000::', 3]], 'ipv6'),
  };
  switch (isIP(address)) {
    case 4:
      return !lists.ipv4.check(address, 'ipv4');
    case 6:
      return lists.internet.check(address, 'ipv6') && !lists.ipv6.check(address, 'ipv6');
    default:
      return false;
  }
}
