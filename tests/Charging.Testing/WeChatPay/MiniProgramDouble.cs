using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Charging.Testing.WeChatPay;

/// <summary>A subscription message that WeChat has taken.</summary>
public sealed record SubscriptionMessage(string OpenId, string TemplateId, IReadOnlyDictionary<string, string> Fields);

/// <summary>The mini-program's WeChat: `jscode2session`, `stable_token` and subscription messages.</summary>
public sealed class MiniProgramDouble
{
    private readonly WeChatPayDouble _wechat;
    private readonly ConcurrentDictionary<string, string> _codes = new();
    private readonly ConcurrentDictionary<string, bool> _usedCodes = new();
    private readonly ConcurrentDictionary<string, bool> _subscribed = new();
    private string _token = NewToken();

    internal MiniProgramDouble(WeChatPayDouble wechat) => _wechat = wechat;

    /// <summary>The templates of the operator.</summary>
    private static readonly string[] Templates = ["TEMPLATE_OF_THE_END", "TEMPLATE_OF_CARDS"];

    /// <summary>What was sent and taken.</summary>
    public ConcurrentQueue<SubscriptionMessage> Messages { get; } = new();

    /// <summary>An error that every call is answered with; 0 for none.</summary>
    public int Error { get; set; }

    /// <summary>A rider calls `wx.login`.</summary>
    /// <returns>The code.</returns>
    public string Login(string openId)
    {
        var code = "0" + RandomNumberGenerator.GetHexString(31, lowercase: true);
        _codes[code] = openId;
        return code;
    }

    /// <summary>A rider allows one message.</summary>
    public void Subscribe(string openId) => _subscribed[openId] = true;

    /// <summary>The token that was given out is no longer taken.</summary>
    public void Revoke() => _token = NewToken();

    internal void Map(WebApplication app)
    {
        app.MapGet("/sns/jscode2session", Call(WeChatCall.Session, (context, _) => Session(context.Request.Query)));
        app.MapPost("/cgi-bin/stable_token", Call(WeChatCall.Token, (_, body) => Token(body!)));
        app.MapPost("/cgi-bin/message/subscribe/send", Call(WeChatCall.Message, (context, body) => Send(context, body!)));
    }

    private static string NewToken() => RandomNumberGenerator.GetHexString(64);

    private static JsonObject Refuse(int code) => new() { ["errcode"] = code, ["errmsg"] = "refused, rid: 1-2-3" };

    private JsonObject Session(IQueryCollection query)
    {
        var code = query["js_code"].ToString();
        if (query["appid"] != _wechat.Merchant.AppId)
            return Refuse(40013);
        if (query["secret"] != _wechat.Merchant.AppSecret)
            return Refuse(40125);
        if (query["grant_type"] != "authorization_code" || !_codes.TryGetValue(code, out var openId))
            return Refuse(40029);
        return _usedCodes.TryAdd(code, true) ? new JsonObject { ["session_key"] = "c2Vzc2lvbg==", ["openid"] = openId } : Refuse(40163);
    }

    private JsonObject Token(JsonObject body) =>
        (string?)body["grant_type"] != "client_credential" || (string?)body["appid"] != _wechat.Merchant.AppId ? Refuse(40013)
        : (string?)body["secret"] != _wechat.Merchant.AppSecret ? Refuse(40125)
        : new JsonObject { ["access_token"] = _token, ["expires_in"] = 7200 };

    private JsonObject Send(HttpContext context, JsonObject body)
    {
        if (context.Request.Query["access_token"] != _token)
            return Refuse(40001);
        if ((string?)body["template_id"] is not { } template || !Templates.Contains(template))
            return Refuse(40037);
        var openId = (string)body["touser"]!;
        if (!_subscribed.TryRemove(openId, out _))
            return Refuse(43101);
        var fields = body["data"]!.AsObject().ToDictionary(field => field.Key, field => (string)field.Value!["value"]!);
        Messages.Enqueue(new SubscriptionMessage(openId, template, fields));
        return new JsonObject { ["errcode"] = 0, ["errmsg"] = "ok" };
    }

    private RequestDelegate Call(WeChatCall call, Func<HttpContext, JsonObject?, JsonObject> answer) => async context =>
    {
        _wechat.Calls.Enqueue(call);
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var outage = _wechat.Faults.Next(call);
        if (outage == Outage.Cut)
        {
            context.Abort();
            return;
        }
        var isDone = outage is Outage.None or Outage.CutAfter or Outage.Slow;
        var reply = !isDone || Error != 0 ? Refuse(isDone ? Error : -1) : answer(context, body.Length == 0 ? null : JsonNode.Parse(body)!.AsObject());
        if (outage == Outage.CutAfter)
            context.Abort();
        else if (outage == Outage.Slow)
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        else
            await WriteAsync(context, outage, reply);
    };

    // WeChat calls its JSON text.
    private static Task WriteAsync(HttpContext context, Outage outage, JsonObject reply)
    {
        context.Response.StatusCode = outage == Outage.ServerError ? 500 : outage == Outage.TooMany ? 429 : 200;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(reply.ToJsonString());
    }
}
