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

    /// <summary>How many different card numbers that are not the caller's bindCard and unbindCard answer about on a day, for each rider.</summary>
    public int MaxForeignNumbers { get; init; } = 20;

    /// <summary>How many swipes of a pile may be refused in a minute. Then all are, without a look at the card, until the minute is over.</summary>
    public int MaxRefusedSwipes { get; init; } = 10;

    /// <summary>The fastest that anybody travels, in km/h: a card that would have been faster between two piles is blocked. 0 for never.</summary>
    public int MaxTravelKmPerHour { get; init; } = 150;

    /// <summary>How far apart two piles must be for that, in kilometres.</summary>
    public int FarApartKm { get; init; } = 2;

    /// <summary>How many swipes of a card are accepted in an hour, whatever becomes of their charges.</summary>
    public int MaxSwipesPerHour { get; init; } = 20;

    /// <summary>What a card may pay on a day in Asia/Shanghai, in fen, whatever goes back of it.</summary>
    public int MaxFenPerDay { get; init; } = 5000;

    internal string? Complaint() => this switch
    {
        { VirtualDigits: < 1 or > CardNo.MaxLength or 8 or 10 } =>
            "Charging:Cards:VirtualDigits must be 1 to 16, and neither 8 nor 10, which are physical cards: give the digits of your virtual cards.",
        { MaxForeignNumbers: < 1 or > 1000 } => "Charging:Cards:MaxForeignNumbers is not between 1 and 1000: give how many card numbers a rider may ask about on a day, such as 20.",
        { MaxRefusedSwipes: < 1 or > 1000 } => "Charging:Cards:MaxRefusedSwipes is not between 1 and 1000: give how many swipes of a pile may be refused in a minute, such as 10.",
        { MaxTravelKmPerHour: < 0 or > 10_000 } => "Charging:Cards:MaxTravelKmPerHour is not between 0 and 10000: give the fastest that a card may travel between piles in km/h, such as 150, or 0 for no check.",
        { FarApartKm: < 1 or > 1000 } => "Charging:Cards:FarApartKm is not between 1 and 1000: give how many kilometres apart two piles must be for a card to be blocked, such as 2.",
        { MaxSwipesPerHour: < 1 or > 1000 } => "Charging:Cards:MaxSwipesPerHour is not between 1 and 1000: give how many swipes of a card are accepted in an hour, such as 20.",
        { MaxFenPerDay: < 1 or > 100_000_000 } => "Charging:Cards:MaxFenPerDay is not between 1 and 100000000: give what a card may pay on a day in fen, such as 5000.",
        _ => null,
    };
}
