// The kernel counts by number. These are its names for them, as /proc/self/mountstats spells them.

const split = (names: string): readonly string[] => names.trim().split(/\s+/);

/** Procedures of NFS 2 (RFC 1094). */
export const NFS2: readonly string[] = split(`
NULL GETATTR SETATTR ROOT LOOKUP READLINK READ WRITECACHE WRITE CREATE REMOVE RENAME LINK SYMLINK MKDIR
RMDIR READDIR STATFS`);

/** Procedures of NFS 3 (RFC 1813). */
export const NFS3: readonly string[] = split(`
NULL GETATTR SETATTR LOOKUP ACCESS READLINK READ WRITE CREATE MKDIR SYMLINK MKNOD REMOVE RMDIR RENAME LINK
READDIR READDIRPLUS FSSTAT FSINFO PATHCONF COMMIT`);

/** The client's operations of NFS 4 (include/linux/nfs4.h, NFSPROC4_CLNT_*), as far as all kernels since 3.13 have them. */
const COMMON: readonly string[] = split(`
NULL READ WRITE COMMIT OPEN OPEN_CONFIRM OPEN_NOATTR OPEN_DOWNGRADE CLOSE SETATTR FSINFO RENEW SETCLIENTID
SETCLIENTID_CONFIRM LOCK LOCKT LOCKU ACCESS GETATTR LOOKUP LOOKUP_ROOT REMOVE RENAME LINK SYMLINK CREATE
PATHCONF STATFS READLINK READDIR SERVER_CAPS DELEGRETURN GETACL SETACL FS_LOCATIONS RELEASE_LOCKOWNER
SECINFO FSID_PRESENT EXCHANGE_ID CREATE_SESSION DESTROY_SESSION SEQUENCE GET_LEASE_TIME RECLAIM_COMPLETE
LAYOUTGET GETDEVICEINFO LAYOUTCOMMIT LAYOUTRETURN SECINFO_NO_NAME TEST_STATEID FREE_STATEID GETDEVICELIST
BIND_CONN_TO_SESSION DESTROY_CLIENTID SEEK ALLOCATE DEALLOCATE`);

const LATER: readonly string[] = split(`
LAYOUTSTATS CLONE COPY OFFLOAD_CANCEL LOOKUPP LAYOUTERROR COPY_NOTIFY GETXATTR SETXATTR LISTXATTRS
REMOVEXATTR READ_PLUS`);

/**
 * The names of `count` operations of NFS 4. ZERO_RANGE was put in the middle once, against the rule that new ones are
 * appended; where their number does not tell which list it is, those after that place have no name.
 */
export function nfs4Names(count: number): readonly string[] {
  if (count <= COMMON.length + LATER.length) return [...COMMON, ...LATER];
  const withZeroRange = [...COMMON, 'ZERO_RANGE', ...LATER, 'OFFLOAD_STATUS'];
  return count === withZeroRange.length ? withZeroRange : COMMON;
}
