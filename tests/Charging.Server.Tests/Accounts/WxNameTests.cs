using System.Diagnostics;
using System.Globalization;
using System.Text;
using Charging.Server.Accounts;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Accounts;

/// <summary>Names that a person could not tell apart.</summary>
public sealed class WxNameTests
{
    // Prints each character that has a decomposition, and its parts.
    private const string Decompositions = """
        const hex = s => [...s].map(c => c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')).join(' ');
        for (let c = 0; c < 0x110000; c++) {
          if (c >= 0xD800 && c <= 0xDFFF) continue;
          const s = String.fromCodePoint(c), d = s.normalize('NFKD');
          if (d !== s) console.log(hex(s) + ' ' + hex(d));
        }
        """;

    [Theory]
    [InlineData("caf\u00e9", "cafe\u0301")]
    [InlineData("nihao", "ni\u200bhao")]
    [InlineData("nihao", "\u202enihao\u202c")]
    [InlineData("nihao", "ni\ufe0fhao")]
    [InlineData("nihao", "ni\u034fhao\u3164")]
    [InlineData("nihao", "\uff4e\uff49\uff48\uff41\uff4f")]
    [InlineData("nihao", "\ud835\udd2b\ud835\udd26\ud835\udd25\ud835\udd1e\ud835\udd2c")]
    [InlineData("nihao", "nihao\udb40\udc6e")]
    [InlineData("ni hao", " ni\u00a0\u3000hao\u2800")]
    [InlineData("\uac01", "\u1100\u1161\u11a8")]
    [InlineData("a\u0323\u0301", "a\u0301\u0323")]
    [InlineData("\u212b", "\u00c5")]
    public void What_looks_the_same_is_the_same(string one, string other)
    {
        Assert.True(WxName.TryParse(one, out var first));
        Assert.True(WxName.TryParse(other, out var second));
        Assert.Equal(WxName.KeyOf(first), WxName.KeyOf(second));
    }

    [Theory]
    [InlineData("nihao", "Nihao")]
    [InlineData("nihao", "ni hao")]
    [InlineData("cafe", "caf\u00e9")]
    [InlineData("\u5fae", "\u4fe1")]
    [InlineData("\ud83d\ude00", "\ud83d\ude01")]
    public void What_looks_different_is_different(string one, string other) => Assert.NotEqual(WxName.KeyOf(one), WxName.KeyOf(other));

    [Theory]
    [InlineData("")]
    [InlineData("\u200b\u200d")]
    [InlineData(" \u3000\u2800")]
    [InlineData("\u0301")]
    [InlineData("\u3164\uffa0")]
    [InlineData("a\u2028b")]
    [InlineData("a\u2029b")]
    [InlineData("a\u0085b")]
    public void A_name_in_which_nothing_can_be_seen_or_that_breaks_the_line_is_none(string name) => Assert.False(WxName.TryParse(name, out _));

    [Fact]
    public void No_character_of_category_Cf_is_kept()
    {
        var all = Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Select(value => new Rune(value));
        var format = all.Where(rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format).ToList();
        Assert.True(format.Count > 150);
        Assert.All(format, rune => Assert.Equal("ab", WxName.TryParse($"a{rune}b", out var name) ? name : null));
    }

    [Fact]
    public void A_joined_emoji_is_a_name() => Assert.True(WxName.TryParse("👨‍👩‍👧 ❤️", out _));

    [Fact]
    public void The_longest_name_has_a_key_that_the_store_takes() =>
        Assert.InRange(Encoding.UTF8.GetByteCount(WxName.KeyOf(new string('\ufdfa', WxName.MaxLength))), 1, 1000);

    [Fact]
    public async Task Decomposes_every_character_as_another_implementation_does()
    {
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", Decompositions]) { RedirectStandardOutput = true })!;
        var lines = (await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length > 10_000);
        foreach (var line in lines)
        {
            var runes = line.Split(' ').Select(hex => new Rune(int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))).ToArray();
            Assert.Equal(runes[1..], UnicodeDecomposition.Of(runes[0]));
        }
    }

    [Fact]
    public async Task Of_two_riders_whose_names_look_the_same_the_second_is_2008()
    {
        await using var app = await ChargingApp.StartAsync();
        await app.RegisterAsync(wxname: "caf\u00e9");
        var phone = ChargingApp.NewPhone();
        await app.SendCodeAsync(phone, "register");
        foreach (var (name, code) in new[] { ("cafe\u0301", 2008), ("\u200bcaf\u00e9", 2008), ("\u200b", 403), ("cafe", 200) })
            Assert.Equal((name, code), (name, (await app.PostAsync("register", new { body = new { phone, code = app.CodeFor(phone), wxname = name } })).Code));
    }
}
