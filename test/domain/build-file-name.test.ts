import { checkFileName, platformOfFileName } from '../../src/domain/build-file-name.ts';
import { Refusal } from '../../src/shared/errors.ts';

describe('a file name', () => {
  test.each(['app.apk', 'Моё приложение (7).ipa', '.apk', 'a b.zip', 'a'.repeat(255), `${'é'.repeat(127)}x`])(
    '%j is taken as it is',
    (name) => {
      expect(checkFileName(name)).toBe(name);
    },
  );

  test.each([
    ['no name', ''],
    ['blanks only', '   '],
    ['a path', 'builds/app.apk'],
    ['a path upwards', '../app.apk'],
    ['a Windows path', 'C:\\app.apk'],
    ['a dot', '.'],
    ['two dots', '..'],
    ['a line break', 'app\n.apk'],
    ['a zero byte', 'app\u0000.apk'],
    ['a delete character', 'app\u007f.apk'],
    ['a C1 control', 'app\u0085.apk'],
    ['a turned direction', 'app\u202eapk.exe'],
    ['half a character', 'app\ud800.apk'],
    ['256 bytes', 'a'.repeat(256)],
    ['256 bytes in 128 characters', 'é'.repeat(128)],
  ])('%s is refused with a sentence', (_, name) => {
    const check = () => checkFileName(name);
    expect(check).toThrow(Refusal);
    expect(check).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', fields: { file: expect.stringMatching(/\.$/) } }),
    );
  });
});

describe('what a file is by its ending', () => {
  const android = (format: string) => ({ platform: 'ANDROID', format });
  test.each([
    ['app.apk', android('APK')],
    ['APP.APK', android('APK')],
    ['app.release.aab', android('AAB')],
    ['App.ipa', { platform: 'IOS', format: 'IPA' }],
    ['site.zip', { platform: 'WEB', format: 'WEB' }],
    ['site.TAR.gz', { platform: 'WEB', format: 'WEB' }],
    ['app.apk.zip', { platform: 'WEB', format: 'WEB' }],
    ['notes.txt', null],
    ['apk', null],
    ['.apk', null],
    ['.zip', null],
    ['app.apk ', null],
    ['myzip', null],
  ])('%s', (name, kind) => {
    expect(platformOfFileName(name, ['.zip', 'tar.gz'])).toEqual(kind);
  });

  test('a zip is nothing unless the web endings say so, and an empty ending says nothing', () => {
    expect(platformOfFileName('site.zip', [])).toBeNull();
    expect(platformOfFileName('notes.txt', ['', '.'])).toBeNull();
  });
});
