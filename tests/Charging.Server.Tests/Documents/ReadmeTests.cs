using System.Reflection;
using System.Text.RegularExpressions;
using Charging.Server.Calls;
using Charging.Server.Orders;
using Charging.Server.Payments;
using Charging.Testing;
using Xunit;

namespace Charging.Server.Tests.Documents;

/// <summary>The documents say what the code does.</summary>
public sealed partial class ReadmeTests
{
    public static TheoryData<string> Documents => [.. Repository.Files("", "*.md")];

    [Theory]
    [InlineData("README.md")]
    [InlineData("README.zh-CN.md")]
    public void The_table_of_settings_is_what_the_server_reads(string document)
    {
        var table = Settings(Repository.Read(document));
        var read = ConfigurationKeys.Read();

        Assert.Equal(read.Keys.Order(StringComparer.Ordinal), table.Keys.Order(StringComparer.Ordinal));
        Assert.All(read.Where(setting => setting.Value is not null), setting => Assert.StartsWith($"`{setting.Value}`", table[setting.Key]));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Settings_that_a_document_names_are_read(string document)
    {
        var read = ConfigurationKeys.Read().Keys;

        Assert.All(NamedSetting().Matches(Repository.Read(document)).Select(match => match.Value).Distinct(), named =>
            Assert.True(read.Any(key => key == named || key.StartsWith($"{named}:", StringComparison.Ordinal)), $"{named} is no setting."));
    }

    [Fact]
    public void Both_readmes_have_the_same_commands() =>
        Assert.Equal(CodeBlocks(Repository.Read("README.md")), CodeBlocks(Repository.Read("README.zh-CN.md")));

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_lead_somewhere(string document)
    {
        var folder = Path.GetDirectoryName(document)!;
        var links = Link().Matches(CodeBlock().Replace(Repository.Read(document), ""));

        Assert.All(links, link =>
        {
            var target = link.Groups["path"].Value is { Length: > 0 } path ? Path.Combine(folder, path) : document;
            var full = Path.Combine(Repository.Root, target);
            Assert.True(File.Exists(full) || Directory.Exists(full), $"{link.Value} leads nowhere.");
            if (link.Groups["anchor"].Value is { Length: > 0 } anchor)
                Assert.Contains(anchor, Heading().Matches(Repository.Read(target)).Select(heading => Slug(heading.Groups["text"].Value)));
        });
    }

    [Fact]
    public void The_api_page_has_every_route_and_every_code()
    {
        var page = Repository.Read("docs/mini-program-api.md");
        var headings = string.Concat(Heading().Matches(page).Select(heading => $" {heading.Groups["text"].Value}\n"));
        var codes = typeof(ResultCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (ResultCode)field.GetValue(null)!);

        Assert.All(Routes.All.Keys, route => Assert.Contains($" {route}", headings));
        Assert.All([.. codes, ResultCode.StartFailed("…")], code => Assert.Contains($"| {code.Code} | {code.Message} |", page));
    }

    [Fact]
    public void The_tour_shows_the_moves_of_an_order()
    {
        var drawn = Move().Matches(Repository.Read("docs/tour.md")).Select(m => $"{m.Groups["from"].Value} to {m.Groups["to"].Value}");
        var legal =
            from source in Enum.GetValues<OrderState>()
            from target in Enum.GetValues<OrderState>()
            where OrderMoves.IsLegal(source, target)
            select $"{source} to {target}";

        Assert.Equal(legal.Order(StringComparer.Ordinal), drawn.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_tour_and_the_money_page_name_files_that_are_there()
    {
        var files = Repository.Files("", "*.*").Select(path => "/" + path).ToList();
        var named = SourceFile().Matches(Repository.Read("docs/tour.md") + Repository.Read("docs/money.md")).Select(m => m.Groups["path"].Value).Distinct();

        Assert.All(named, path => Assert.Contains(files, file => file.EndsWith("/" + path, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_money_page_has_every_move_of_the_ledger()
    {
        var page = Repository.Read("docs/money.md");
        var moves = typeof(Ledger).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(method => method.Name).Where(name => name.EndsWith("Async", StringComparison.Ordinal)).ToList();

        Assert.Equal(moves.Order(StringComparer.Ordinal), Enum.GetNames<LedgerVerb>().Select(verb => $"{verb}Async").Order(StringComparer.Ordinal));
        Assert.Equal(moves.Order(StringComparer.Ordinal), LedgerRow().Matches(page).Select(row => row.Groups["method"].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_money_page_names_tests_that_are_there()
    {
        var tests = typeof(ReadmeTests).Assembly.GetTypes().SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}")).ToHashSet();
        var named = TestName().Matches(Repository.Read("docs/money.md")).Select(test => test.Groups["name"].Value).ToList();

        Assert.True(named.Count > 20, $"{named.Count} tests are named.");
        Assert.All(named, name => Assert.Contains(name, tests));
    }

    [Fact]
    public void The_examples_of_the_money_page_are_computed_so()
    {
        var rows = PriceRow().Matches(Repository.Read("docs/money.md")).Select(row => row.Value.Split('|').Skip(1).Select(cell => cell.Trim()).ToArray()).ToList();

        Assert.True(rows.Count >= 8, $"{rows.Count} examples are found.");
        Assert.All(rows, row =>
        {
            var (paid, seconds, energyWh, powerW) = (long.Parse(row[6]), int.Parse(row[7]), int.Parse(row[8]), int.Parse(row[9]));
            var used = ExampleTariff(row).Used(paid, seconds, energyWh, powerW);
            Assert.Equal((row[10], row[11], row[12]), ($"{used.Fen}", $"{used.ServiceFen}", $"{paid - used.Fen}"));
        });
    }

    [Fact]
    public void Every_sequence_of_numbers_is_one_that_is_moved() => Assert.All(
        Repository.Files("src/Server", "*.cs").Where(file => !file.Contains("/Moving/", StringComparison.Ordinal)).SelectMany(file => NextNumber().Matches(Repository.Read(file))),
        call => Assert.StartsWith("NumberSequence.", call.Groups["name"].Value));

    private static Tariff ExampleTariff(string[] row)
    {
        var tiers = row[3].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(tier => tier.Split(':').Select(int.Parse).ToArray())
            .Select(tier => new PowerTier(tier[0], tier[1], tier.Length > 2 ? tier[2] : 0)).ToList();
        var tariff = new Tariff
        {
            Name = "example",
            Unit = row[0] == "kWh" ? TariffUnit.KilowattHour : TariffUnit.Hour,
            ElectricityFen = int.Parse(row[1]),
            ServiceFen = int.Parse(row[2]),
            Tiers = tiers.Count == 0 ? null : tiers,
            MinimumFen = row[4].Length == 0 ? null : int.Parse(row[4]),
            CapFen = row[5].Length == 0 ? null : int.Parse(row[5]),
            LongestSeconds = 43_200,
        };
        Assert.Null(tariff.Complaint());
        return tariff;
    }

    private static Dictionary<string, string> Settings(string document) =>
        SettingRow().Matches(document).ToDictionary(row => row.Groups["key"].Value, row => row.Groups["default"].Value);

    private static string[] CodeBlocks(string document) => [.. CodeBlock().Matches(document).Select(block => block.Value)];

    private static string Slug(string heading) => NotInSlug().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"^\| `(?<key>(Charging|Kestrel):[^`]+)` \| (?<default>[^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex SettingRow();

    [GeneratedRegex(@"^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\((?!https?:|mailto:)(?<path>[^)#\s]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInSlug();

    [GeneratedRegex(@"^\| `(?<method>\w+Async)` \|", RegexOptions.Multiline)]
    private static partial Regex LedgerRow();

    [GeneratedRegex(@"`(?<name>\w+Tests\.\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^\| (hour|kWh) \|.*$", RegexOptions.Multiline)]
    private static partial Regex PriceRow();

    [GeneratedRegex(@"^\s+(?<from>\w+) --> (?<to>\w+)(:.*)?$", RegexOptions.Multiline)]
    private static partial Regex Move();

    [GeneratedRegex(@"tx\.NextNumberAsync\((?<name>[^)]+)\)")]
    private static partial Regex NextNumber();

    [GeneratedRegex(@"`(?<path>[\w./]+\.(cs|proto))`")]
    private static partial Regex SourceFile();

    [GeneratedRegex(@"\bCharging(:[A-Z]\w+)+")]
    private static partial Regex NamedSetting();
}
