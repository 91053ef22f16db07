using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Charging.Testing.WeChatPay;

/// <summary>What WeChat Pay signs with.</summary>
public enum SigningMode
{
    /// <summary>Platform certificates.</summary>
    Certificates,

    /// <summary>The public key; there are no certificates.</summary>
    PublicKey,

    /// <summary>Both, as while a merchant changes over: answers as they are asked for, callbacks in turn.</summary>
    Both,
}

/// <summary>
/// WeChat Pay and the mini-program's WeChat, as the vendor describes them, over real HTTP on loopback, with keys and books of its own. It refuses
/// what the vendor refuses, and misbehaves as <see cref="Faults"/> says.
/// </summary>
public sealed class WeChatPayDouble : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _directory = Directory.CreateTempSubdirectory("wechat-").FullName;
    private readonly List<WeChatIdentity> _certificates = [];
    private readonly WeChatIdentity? _publicKey;
    private readonly WeChatCallbacks _callbacks;
    private int _signings;

    private WeChatPayDouble(TimeProvider clock, SigningMode mode)
    {
        (Clock, Mode) = (clock, mode);
        RotateCertificate();
        _publicKey = mode == SigningMode.Certificates ? null : WeChatIdentity.NewPublicKey(clock.GetUtcNow());
        _callbacks = new WeChatCallbacks(this);
        MiniProgram = new MiniProgramDouble(this);
        // Empty, or it would listen where the server's settings say.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        new WeChatPayApi(this, _callbacks).Map(_app);
        MiniProgram.Map(_app);
    }

    /// <summary>The merchant.</summary>
    public MerchantAccount Merchant { get; } = new();

    /// <summary>What was paid and sent back, in truth.</summary>
    public WeChatPayBooks Books { get; } = new();

    /// <summary>What goes wrong.</summary>
    public WeChatPayFaults Faults { get; } = new();

    /// <summary>The mini-program's side: logins and messages.</summary>
    public MiniProgramDouble MiniProgram { get; }

    /// <summary>Every call, in their order.</summary>
    public ConcurrentQueue<WeChatCall> Calls { get; } = new();

    /// <summary>Every callback that was sent, with what it was answered.</summary>
    public IReadOnlyCollection<SentCallback> Callbacks => _callbacks.Sent;

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>The settings of a server that takes its money here.</summary>
    public string[] Settings
    {
        get
        {
            const string Pay = "--Charging:Payment:WeChatPay:";
            string[] settings =
            [
                "--Charging:Payment:Provider=WeChatPay",
                $"{Pay}AppId={Merchant.AppId}", $"{Pay}MchId={Merchant.MchId}", $"{Pay}MerchantSerial={Merchant.Serial}",
                $"{Pay}NotifyUrl=https://charging.example.com", $"{Pay}BaseUrl={Address}",
                $"{Pay}MerchantKeyFile={Save("apiclient_key.pem", Merchant.PrivateKeyPem)}", $"{Pay}ApiV3KeyFile={Save("apiv3.key", Merchant.ApiV3Key + "\n")}",
                "--Charging:MiniProgram:Provider=WeChat", $"--Charging:MiniProgram:AppId={Merchant.AppId}", $"--Charging:MiniProgram:BaseUrl={Address}",
                $"--Charging:MiniProgram:AppSecretFile={Save("app.secret", Merchant.AppSecret)}",
            ];
            return _publicKey is null
                ? settings
                : [.. settings, $"{Pay}PublicKeyId={_publicKey.Serial}", $"{Pay}PublicKeyFile={Save("pub_key.pem", _publicKey.PublicKeyPem)}"];
        }
    }

    /// <summary>The clock.</summary>
    internal TimeProvider Clock { get; }

    /// <summary>What is signed with.</summary>
    internal SigningMode Mode { get; }

    /// <summary>Whom callbacks reach, whatever host they are meant for; null for nobody.</summary>
    internal Uri? Reached { get; private set; }

    /// <summary>Its platform certificates.</summary>
    internal IReadOnlyList<WeChatIdentity> Certificates => _certificates;

    /// <summary>Starts one.</summary>
    /// <param name="clock">The clock; the machine's by default.</param>
    /// <param name="mode">What it signs with.</param>
    public static async Task<WeChatPayDouble> StartAsync(TimeProvider? clock = null, SigningMode mode = SigningMode.Certificates)
    {
        var wechat = new WeChatPayDouble(clock ?? TimeProvider.System, mode);
        await wechat._app.StartAsync();
        return wechat;
    }

    /// <summary>Callbacks reach this server from now on. Its port is another after each start.</summary>
    public void Reach(ChargingApp app) => Reached = app.Http.BaseAddress;

    /// <summary>A new platform certificate signs from now on; the older ones are still given out.</summary>
    public void RotateCertificate()
    {
        lock (_certificates)
            _certificates.Add(WeChatIdentity.NewCertificate(Clock.GetUtcNow(), _certificates.Count));
    }

    /// <summary>The rider confirms a payment in WeChat. Its callback is sent as the faults say, and was answered when this returns.</summary>
    /// <exception cref="InvalidOperationException">There is nothing to confirm: it was not made, was paid, closed, or has run out.</exception>
    public async Task PayAsync(string orderNo)
    {
        var now = Clock.GetUtcNow();
        Books.Change(orderNo, payment => payment is { State: "NOTPAY" } && now <= payment.ExpiresAt
            ? payment with { State = "SUCCESS", PaidAt = now }
            : throw new InvalidOperationException($"WeChat does not let anybody pay {orderNo}: {payment?.State ?? "it was not made"}."));
        if (Faults.CallbackMode is CallbackMode.Once or CallbackMode.Twice)
            await Task.WhenAll(Enumerable.Range(0, Faults.CallbackMode == CallbackMode.Twice ? 2 : 1).Select(_ => _callbacks.PaidAsync(orderNo)));
    }

    /// <summary>The rider has paid with a payment service of the operator's own, which used the order's number.</summary>
    public Task PayElsewhereAsync(string orderNo, long fen)
    {
        Books.Change(orderNo, _ => new BookedPayment
        {
            OrderNo = orderNo,
            Fen = fen,
            OpenId = "oPayer",
            NotifyUrl = "https://charging.example.com/wechat/pay/notify",
            ExpiresAt = DateTimeOffset.MaxValue,
            Request = "elsewhere",
        });
        return PayAsync(orderNo);
    }

    /// <summary>Somebody sends a payment back, or a part of it, on the merchant platform.</summary>
    public void RefundByHand(string orderNo, long fen)
    {
        var refund = new BookedRefund { No = $"hand{orderNo}", OrderNo = orderNo, Fen = fen, At = Clock.GetUtcNow(), NotifyUrl = "", Status = "SUCCESS" };
        if (Books.Book(refund, Books.Payments[orderNo]).Error is { } error)
            throw new InvalidOperationException($"The merchant platform refuses: {error}.");
    }

    /// <summary>Sends the callback of a payment once more.</summary>
    /// <returns>The HTTP status of the answer; null when there was none.</returns>
    public Task<int?> TellPaidAsync(string orderNo) => _callbacks.PaidAsync(orderNo);

    /// <summary>Sends the callback of a refund once more.</summary>
    /// <returns>The HTTP status of the answer; null when there was none.</returns>
    public Task<int?> TellRefundAsync(string refundNo) => _callbacks.RefundedAsync(refundNo);

    /// <summary>Sends the bytes of an earlier callback again, as somebody who has listened could.</summary>
    public Task<int?> ReplayAsync(SentCallback callback) => _callbacks.ReplayAsync(callback);

    /// <summary>How often something was asked for.</summary>
    public int Count(WeChatCall call) => Calls.Count(made => made == call);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _callbacks.DisposeAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>With what an answer is signed: with the public key if the request names it.</summary>
    internal WeChatIdentity SignerOfAnswer(string? wanted) =>
        _publicKey is not null && (Mode == SigningMode.PublicKey || wanted == _publicKey.Serial) ? _publicKey : Newest();

    /// <summary>With what a callback is signed.</summary>
    internal WeChatIdentity SignerOfCallback() => Mode switch
    {
        SigningMode.PublicKey => _publicKey!,
        SigningMode.Both when Interlocked.Increment(ref _signings) % 2 == 0 => _publicKey!,
        _ => Newest(),
    };

    private WeChatIdentity Newest()
    {
        lock (_certificates)
            return _certificates[^1];
    }

    private string Save(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }
}
