using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Charging.Server.Storage.LiteDb;

/// <summary>The files of a directory. They are opened unshared, which locks out a second process.</summary>
internal sealed class DirectoryDisk(string directory) : IDisk
{
    public IBlockFile Open(string name)
    {
        var path = Path.Combine(directory, name);
        var isNew = !File.Exists(path);
        var file = new BlockFile(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        if (isNew && !OperatingSystem.IsWindows())
        {
            // It holds riders' phone numbers and what they paid. Those of an operator who gave them other rights keep them.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            FlushDirectory();
        }
        return file;
    }

    /// <summary>
    /// A new file's name is durable only when its directory is, and .NET opens no directories. File systems that
    /// cannot flush one (network shares) answer with an error that changes nothing, so it is not looked at.
    /// </summary>
    private void FlushDirectory()
    {
        var descriptor = NativeMethods.Open(directory, 0);
        if (descriptor < 0)
            return;
        _ = NativeMethods.Flush(descriptor);
        _ = NativeMethods.Close(descriptor);
    }

    private sealed class BlockFile(SafeFileHandle handle) : IBlockFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> buffer)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0)
                    break;
                total += read;
            }
            return total;
        }

        public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Flush(int descriptor);

        [DllImport("libc", EntryPoint = "close")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int descriptor);
    }
}
