namespace Charging.Server.Cards;

/// <summary>In which order the readers print the four bytes of a card in hex, seen from the decimal number.</summary>
public enum ByteOrder
{
    /// <summary>2577522B is 628576811.</summary>
    BigEndian,

    /// <summary>2577522B is 726824741.</summary>
    LittleEndian,
}

/// <summary>Settings under `Charging:Cards`.</summary>
public sealed record CardsOptions
{
    /// <summary>How many digits a virtual card has. A number of this form that was not issued is 4002.</summary>
    public int VirtualDigits { get; init; } = 9;

    /// <summary>How the hex spelling of a physical card becomes the decimal one.</summary>
    public ByteOrder ByteOrder { get; init; } = ByteOrder.BigEndian;

    internal string? Complaint() => VirtualDigits is < 1 or > CardNo.MaxLength or 8 or 10
        ? "Charging:Cards:VirtualDigits must be 1 to 16, and neither 8 nor 10, which are physical cards: give the digits of your virtual cards."
        : null;
}
