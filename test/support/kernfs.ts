import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';

/**
 * From now on, an open file that was removed reads as the kernel's: ENODEV, as of a cgroup that is gone. On any other
 * file system its content stays readable.
 */
export function removedFilesAreDead(t: TestContext): void {
  const { readSync } = fs;
  const mock = t.mock.method(
    fs,
    'readSync',
    (fd: number, ...rest: [NodeJS.ArrayBufferView, number, number, number]) => {
      if (!fs.readlinkSync(`/proc/self/fd/${fd}`).endsWith(' (deleted)')) return readSync(fd, ...rest);
      throw Object.assign(new Error('ENODEV: no such device, read'), { code: 'ENODEV' });
    },
  );
  syncBuiltinESMExports();
  t.after(() => {
    mock.mock.restore();
    syncBuiltinESMExports();
  });
}
