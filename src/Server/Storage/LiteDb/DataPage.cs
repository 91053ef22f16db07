using System.Buffers.Binary;

namespace Charging.Server.Storage.LiteDb;

/// <summary>
/// What a page of the data file says of itself (LiteDB 5's page format), which is enough to tell a page that was written to
/// its place from zeros, from another page, and from most of what a failing disk makes of it.
/// </summary>
internal static class DataPage
{
    private const int TypeAt = 4;
    private const int ItemsAt = 23;
    private const int UsedAt = 24;
    private const int HighestSlotAt = 30;
    private const int HeaderSize = 32;
    private const int SlotSize = 4;
    private const byte NoSlot = byte.MaxValue;

    private enum PageType : byte
    {
        Empty,
        Header,
        Collection,
        Index,
        Data,
    }

    /// <summary>Why a page cannot be what was written to its place; null when nothing speaks against it.</summary>
    public static string? Complaint(long number, ReadOnlySpan<byte> page)
    {
        var says = BinaryPrimitives.ReadUInt32LittleEndian(page);
        if (says != number)
            return $"its number is {says}";
        var type = (PageType)page[TypeAt];
        if (type > PageType.Data || type == PageType.Header != (number == 0))
            return $"its type is {(byte)type}";
        return type is PageType.Index or PageType.Data && !AreSlotsSound(page) ? "its rows are not where it says" : null;
    }

    // From the end of the page on there is a slot for each row, with its length and its position; 0 for one that was deleted.
    private static bool AreSlotsSound(ReadOnlySpan<byte> page)
    {
        var slots = page[HighestSlotAt] == NoSlot ? 0 : page[HighestSlotAt] + 1;
        var end = page.Length - (slots * SlotSize);
        var (items, used) = (0, 0);
        for (var slot = end; slot < page.Length; slot += SlotSize)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(page[slot..]);
            var position = BinaryPrimitives.ReadUInt16LittleEndian(page[(slot + 2)..]);
            if (position == 0)
                continue;
            if (position < HeaderSize || position + length > end)
                return false;
            items++;
            used += length;
        }
        return items == page[ItemsAt] && used == BinaryPrimitives.ReadUInt16LittleEndian(page[UsedAt..]);
    }
}

/// <summary>The data file is not as it was written. The message says which part of it.</summary>
internal sealed class DamagedFileException(string message) : Exception(message);
